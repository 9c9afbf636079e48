// What makes the pages quicker to use.  All of them work without it, too: links lead to
// pages, forms are forms.
"use strict";

const WAIT_WHILE_TYPING_MS = 250;
// The stream says something every 15 seconds.
const SILENCE_MS = 35000;
const RECONNECT_MS = 2000;
const RELOAD_AT_MOST_EVERY_MS = 5000;

// Parts of a page that are fetched --------------------------------------------------

async function fetchPage(address) {
  const answer = await fetch(address, { headers: { Accept: "text/html" } });
  if (answer.redirected && new URL(answer.url).pathname === "/login") {
    location.reload();
    throw new Error("logged out");
  }
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

// Put what is in *fresh* into *old*, and the focus where it was.
function replaceContent(old, fresh) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const row = focused?.closest("[data-device]")?.dataset.device;
  const href = focused?.getAttribute("href");
  old.replaceChildren(...fresh.childNodes);
  offerChoosingAll();
  for (const [name, value] of Object.entries(fresh.dataset)) old.dataset[name] = value;
  if (!focused) return;
  const alike = [...old.querySelectorAll("a, button, input")];
  (alike.find((one) => one.getAttribute("href") === href
    && one.closest("[data-device]")?.dataset.device === row)
    ?? document.getElementById("content")).focus({ preventScroll: true });
}

// The list of desks ------------------------------------------------------------------

const list = document.getElementById("list");
const connection = document.getElementById("connection");
const changes = document.getElementById("changes");
let reloadedAt = 0;
let reloading = 0;

async function reloadList() {
  reloadedAt = Date.now();
  try {
    const fresh = (await fetchPage(location.href)).getElementById("list");
    if (fresh) replaceContent(list, fresh);
  } catch {
    // The stream is broken as well then, and says so.
  }
}

// Not all browsers at the same moment, and none of them all the time.
function reloadSoon() {
  if (reloading) return;
  const pause = Math.max(0, reloadedAt + RELOAD_AT_MOST_EVERY_MS - Date.now());
  reloading = setTimeout(() => {
    reloading = 0;
    reloadList();
  }, pause + Math.random() * 500);
}

function showRow({ device, states, html }) {
  const old = document.getElementById(`desk-${device}`);
  const only = list.dataset.only;
  const belongs = states.split(" ").includes(only);
  if (!old) {
    // On another page, or one that a filter hides from now on or shows from now on.
    if (belongs && (only !== "all" || !list.querySelector("tbody"))) reloadSoon();
    return;
  }
  if (!belongs) reloadSoon();
  const body = document.createElement("template");
  body.innerHTML = `<table><tbody>${html}</tbody></table>`;
  const fresh = body.content.querySelector("tr");
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const action = focused?.dataset.action;
  fresh.classList.add("changed");
  old.replaceWith(fresh);
  if (!focused) return;
  // What could be done there may be another thing now.
  const alike = action
    ? fresh.querySelector(`[data-action="${action}"]`) ?? fresh.querySelector("[data-action]")
    : fresh.querySelector(`a[href="${focused.getAttribute("href")}"]`);
  alike?.focus({ preventScroll: true });
}

function showChanges({ rows, said }) {
  const seen = rows.filter((row) => document.getElementById(`desk-${row.device}`));
  rows.forEach(showRow);
  if (seen.length) changes.textContent = said;
}

function showCounts(counts) {
  // Those of a search are counted anew with the list.
  if (list.dataset.searched === "yes") return;
  for (const [only, count] of Object.entries(counts)) {
    const shown = list.querySelector(`[data-count="${only}"]`);
    if (shown) shown.textContent = count;
  }
}

function keepLive() {
  let stream = null;
  let watchdog = 0;
  let wasAway = false;

  function heard() {
    clearTimeout(watchdog);
    watchdog = setTimeout(lost, SILENCE_MS);
  }

  function away() {
    wasAway = true;
    connection.hidden = false;
    connection.setAttribute("role", "alert");
  }

  function back() {
    heard();
    if (!wasAway) return;
    wasAway = false;
    connection.hidden = true;
    changes.textContent = connection.dataset.again;
    reloadList();
  }

  function lost() {
    away();
    disconnect();
    watchdog = setTimeout(connect, RECONNECT_MS);
  }

  function disconnect() {
    clearTimeout(watchdog);
    stream?.close();
    stream = null;
  }

  function connect() {
    stream = new EventSource(`${connection.dataset.live}?after=${list.dataset.after}`);
    heard();
    stream.addEventListener("beat", back);
    stream.addEventListener("rows", (event) => {
      back();
      showChanges(JSON.parse(event.data));
    });
    stream.addEventListener("counts", (event) => {
      back();
      showCounts(JSON.parse(event.data));
    });
    stream.addEventListener("reload", () => {
      back();
      reloadSoon();
    });
    stream.addEventListener("away", () => {
      heard();
      away();
    });
    stream.addEventListener("ended", () => {
      disconnect();
      location.reload();
    });
    stream.addEventListener("error", lost);
  }

  // A page that nobody looks at needs no stream, and is fetched anew when it is seen.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      disconnect();
    } else if (!stream) {
      wasAway = true;
      connect();
    }
  });
  connect();
}

// Search while typing ------------------------------------------------------------------

function searchWhileTyping(input) {
  let typing = 0;
  input.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(async () => {
      const form = input.form;
      const address = `${form.getAttribute("action")}?${new URLSearchParams(new FormData(form))}`;
      try {
        const fresh = await fetchPage(address);
        if (form.closest("[data-dialog-content]")) {
          const found = form.closest("[data-dialog-content]").querySelector("[data-found]");
          replaceContent(found, fresh.querySelector("[data-found]"));
        } else {
          history.replaceState(null, "", address);
          replaceContent(list, fresh.getElementById("list"));
        }
      } catch {
        form.requestSubmit();
      }
    }, WAIT_WHILE_TYPING_MS);
  });
}

// Questions in a dialog ----------------------------------------------------------------

const dialog = document.getElementById("dialog");
let opener = null;

async function ask(link) {
  const address = new URL(link.href);
  if (!address.searchParams.has("then")) {
    address.searchParams.set("then", location.pathname + location.search);
  }
  try {
    const fresh = (await fetchPage(address)).querySelector("[data-dialog-content]");
    dialog.replaceChildren(fresh);
  } catch {
    location.assign(address);
    return;
  }
  dialog.querySelectorAll("[data-as-you-type]").forEach(searchWhileTyping);
  if (!dialog.open) {
    opener = { device: link.closest("[data-device]")?.dataset.device, action: link.dataset.action };
    dialog.showModal();
  }
  (dialog.querySelector("[autofocus], button.main") ?? dialog).focus();
}

if (dialog) {
  document.addEventListener("click", (event) => {
    const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.button);
    const link = event.target.closest("a[data-dialog], a[data-close]");
    if (!link || !plain) return;
    if (link.matches("[data-dialog]")) {
      event.preventDefault();
      ask(link);
    } else if (dialog.open) {
      event.preventDefault();
      dialog.close();
    }
  });
  // The row may have been replaced meanwhile, so the browser does not find it again.
  dialog.addEventListener("close", () => {
    dialog.replaceChildren();
    document.querySelector(
      `#desk-${CSS.escape(opener?.device ?? "")} [data-action="${opener?.action}"]`)?.focus();
  });
}

// Many at once -------------------------------------------------------------------------

function offerChoosingAll() {
  const all = document.querySelector("[data-choose-all]");
  if (all) all.hidden = false;
}

document.addEventListener("change", (event) => {
  const one = event.target.closest("input[type=checkbox]");
  const all = one?.form?.querySelector("[data-choose-all]");
  if (!all) return;
  const each = [...one.form.querySelectorAll("input[name^='user:']")];
  if (one === all) for (const box of each) box.checked = all.checked;
  const chosen = each.filter((box) => box.checked).length;
  all.checked = chosen === each.length;
  all.indeterminate = chosen > 0 && chosen < each.length;
});

offerChoosingAll();
document.querySelectorAll("[data-as-you-type]").forEach(searchWhileTyping);
if (connection) keepLive();
