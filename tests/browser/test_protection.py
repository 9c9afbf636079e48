"""What another site tries in the browser of somebody who is logged in here."""

from __future__ import annotations

from playwright.async_api import Route, expect

from asterisk_hotdesk.model import Role
from tests.browser.conftest import OpenWindow
from tests.browser.office import WebOffice

EVIL = "http://evil.example/"
FORM = """
<form method="post" action="{home}/desks/HD0001/logout">
  <input type="hidden" name="generation" value="{generation}">
  <button>Win a prize</button>
</form>
"""


async def test_another_site_cannot_log_anybody_out(
    office: WebOffice, open_window: OpenWindow
) -> None:
    await office.log_in("100", "HD0001")
    window = await open_window(Role.ADMIN)
    window.expects(EVIL, "status of 40")
    page = window.page
    await page.goto("/desks/HD0001/logout")
    generation = await page.locator("[name=generation]").input_value()

    async def tempt(route: Route) -> None:
        body = FORM.format(home=office.home, generation=generation)
        await route.fulfill(body=body, content_type="text/html")

    await page.route(EVIL, tempt)
    await page.goto(EVIL)
    async with page.expect_response("**/logout") as answered:
        await page.get_by_role("button", name="Win a prize").click()
    assert (await answered.value).status in (303, 403)
    assert await office.sitting() == {"HD0001": "100"}


async def test_no_page_is_shown_inside_another_one(
    office: WebOffice, open_window: OpenWindow
) -> None:
    window = await open_window(Role.ADMIN)
    window.expects("frame-ancestors")
    await window.page.set_content(f"<iframe src='{office.home}/desks'></iframe>")
    inside = window.page.frame_locator("iframe").get_by_role("heading", name="Desks")
    await expect(inside).to_have_count(0)
    assert any("frame-ancestors" in words for words in window.complaints)


async def test_a_script_that_is_not_ours_does_not_run(open_window: OpenWindow) -> None:
    window = await open_window()
    window.expects("Content Security Policy")
    await window.page.goto("/desks")
    await window.page.evaluate(
        """() => {
            const script = document.createElement("script")
            script.textContent = "document.title = 'taken over'"
            document.body.append(script)
        }"""
    )
    await expect(window.page).to_have_title("Desks · Hot desks")
    assert any("Content Security Policy" in words for words in window.complaints)


async def test_no_secret_is_in_the_log(
    office: WebOffice, open_window: OpenWindow
) -> None:
    window = await open_window(Role.ADMIN)
    await window.page.goto("/account")
    (cookie,) = await window.page.context.cookies()
    token = await window.page.locator("[name=form_token]").first.input_value()
    secrets = [*office.passwords.values(), cookie["value"], token]
    assert [secret for secret in secrets if secret in office.log()] == []
