"""`hotdesk webhook`: whom we tell over HTTP what happens, and whether they hear it."""

from __future__ import annotations

import time
from collections.abc import Iterable

import click

from asterisk_hotdesk.cli import changes, output
from asterisk_hotdesk.cli.opening import now, with_database
from asterisk_hotdesk.cli.options import json_option
from asterisk_hotdesk.config import Config, WebhookConfig
from asterisk_hotdesk.errors import NotFound
from asterisk_hotdesk.store import Database, installation
from asterisk_hotdesk.store import webhooks as states
from asterisk_hotdesk.store.webhooks import WebhookState
from asterisk_hotdesk.webhooks.message import sample_message
from asterisk_hotdesk.webhooks.receiver import Receiver

_COLUMNS = ("NAME", "RECEIVER", "DELIVERED", "LAST", "WAITING", "GIVEN UP", "STATE")


@click.group()
def webhook() -> None:
    """See how webhooks fare, and send a test."""


@webhook.command("list")
@json_option
@with_database
async def list_(config: Config, database: Database, as_json: bool) -> None:
    """List the webhooks of the settings, and how they fare.

    --json prints a list of objects with the keys name, receiver (the URL as far as it
    can be shown), events (the kinds that it wants), delivered (how many events),
    delivered_at (the last; null: none), failures (attempts since then), failed_at,
    problem (why the last attempt failed, else empty), given_up (events that became too
    old), given_up_at, and waiting (events in the history that it has yet to deal with,
    also those that it does not want).
    """
    async with database.transaction() as tx:
        found = await states.states(tx, list(config.webhooks))
    if as_json:
        output.as_json(
            [
                {
                    "name": state.name,
                    "receiver": config.webhooks[state.name].origin,
                    "events": config.webhooks[state.name].events,
                    **vars(state),
                }
                for state in found
            ]
        )
        return
    if not found:
        output.say("No webhooks; add one to the settings: [webhooks.NAME]")
        return
    output.table(
        _COLUMNS, (_row(state, config.webhooks[state.name]) for state in found)
    )
    if not await changes.daemon_is_running(config, database):
        output.note("the daemon is not running: nothing is delivered until it is back.")


@webhook.command()
@click.argument("name")
@with_database
async def test(config: Config, database: Database, name: str) -> None:
    """Send the webhook NAME a test, now, and say what it answers.

    The event is called test. It is sent once, whatever events the webhook wants, and
    does not count as a delivery.
    """
    hook = config.webhooks.get(name)
    if hook is None:
        raise NotFound(f"There is no webhook {name}; {_those(config.webhooks)}.")
    async with database.transaction() as tx:
        ours = await installation.identity(tx)
    async with Receiver(name, hook) as receiver:
        began = time.monotonic()
        status = await receiver.send(sample_message(name, now(), ours), now())
    milliseconds = (time.monotonic() - began) * 1000
    output.say(f"{name} ({hook.origin}) answered {status} in {milliseconds:.0f} ms.")


def _row(state: WebhookState, hook: WebhookConfig) -> list[output.Cell]:
    return [
        state.name,
        hook.origin,
        str(state.delivered),
        output.moment(state.delivered_at),
        str(state.waiting),
        str(state.given_up),
        _condition(state),
    ]


def _condition(state: WebhookState) -> output.Cell:
    if state.problem:
        return f"{state.problem}; failures: {state.failures}", "red"
    return ("works", "green") if state.delivered else "nothing delivered yet"


def _those(names: Iterable[str]) -> str:
    known = ", ".join(names)
    return f"the settings have {known}" if known else "the settings have none"
