"use strict";

// Reads, and shows. Text from outside only ever becomes text, never markup.
const EVERY_MS = 2000;
const KEY = "gridhedge admin key";
const at = (id) => document.getElementById(id);
let chosen = null;
let timer = 0;
let round = 0;

class Refused extends Error {}

async function ask(path) {
  const answer = await fetch(`/api/v1/admin${path}`, {
    headers: { "X-Admin-Key": sessionStorage.getItem(KEY) ?? "" },
    cache: "no-store",
  });
  const body = await answer.json();
  if (answer.status === 401 || answer.status === 403) throw new Refused(body.error);
  if (!body.success) throw new Error(body.error);
  return body.data;
}

function make(tag, text = "", classes = "") {
  const node = document.createElement(tag);
  node.textContent = text;
  if (classes) node.className = classes;
  return node;
}

function number(value, digits) {
  if (value === null || value === undefined) return "–";
  return value.toLocaleString("en-US", digits === undefined
    ? { maximumFractionDigits: 8 }
    : { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function cents(value) {
  return Math.abs(value) < 0.005 ? 0 : value;
}

function digits(tick) {
  return tick === null || tick === undefined ? undefined : Math.max(0, Math.round(-Math.log10(tick) + 0.49));
}

function cell(label, text, classes) {
  const node = make("td", text, classes);
  node.dataset.label = label;
  node.setAttribute("role", "cell");
  return node;
}

function signed(label, value) {
  if (value === null || value === undefined) return cell(label, "–", "number");
  const shown = cents(value);
  return cell(label, (shown > 0 ? "+" : "") + number(shown, 2), `number ${shown > 0 ? "gain" : shown < 0 ? "loss" : ""}`);
}

function moment(text) {
  return text ? text.replace("T", " ").slice(0, 19) : "–";
}

// Replace what is shown only where it differs: focus, selection and a reader's place stay.
function refresh(place, nodes) {
  const next = document.createDocumentFragment();
  next.append(...nodes);
  const shown = document.createElement("div");
  shown.append(next);
  if (place.innerHTML === shown.innerHTML) return;
  const held = place.contains(document.activeElement) ? document.activeElement.dataset.user : undefined;
  place.replaceChildren(...shown.childNodes);
  if (held !== undefined) place.querySelector(`[data-user="${CSS.escape(held)}"]`)?.focus();
}

function rows(sessions) {
  return sessions.flatMap((session) => {
    const row = make("tr");
    row.setAttribute("role", "row");
    const open = make("button", session.userId);
    const name = make("th");
    open.type = "button";
    open.dataset.user = session.userId;
    open.setAttribute("aria-pressed", String(session.userId === chosen));
    open.setAttribute("aria-label", `Show ${session.userId}`);
    name.scope = "row";
    name.setAttribute("role", "rowheader");
    name.append(open);
    row.dataset.chosen = String(session.userId === chosen);
    const state = cell("State", session.stop ? `${session.state} (stopped by risk)` : session.state, "state");
    state.dataset.state = session.stop ? "error" : session.state;
    row.append(
      name,
      state,
      cell("Where", `${session.exchange} ${session.isDemo ? "demo" : "LIVE"}`, session.isDemo ? "" : "live"),
      cell("Symbol", `${session.symbol} ${session.strategy}`),
      cell("Price", number(session.currentPrice, digits(session.tickSize)), "number"),
      cell("Equity", number(session.equity, 2), "number"),
      signed("Realised", session.equity === null ? null : session.totalPnL),
      signed("Unrealised", session.equity === null ? null : session.unrealizedPnL),
      cell("Margin rate", session.marginRatePercent === null ? "–" : `${number(session.marginRatePercent, 2)} %`, "number"),
    );
    if (!session.error) return [row];
    const reason = make("tr", "", "reason");
    const text = make("td", session.error);
    reason.setAttribute("role", "row");
    text.setAttribute("role", "cell");
    text.colSpan = 9;
    reason.append(text);
    return [row, reason];
  });
}

function ladder(name, side, places) {
  const section = make("section");
  const title = make("h3", name);
  title.id = `ladder-${name}`;
  section.setAttribute("aria-labelledby", title.id);
  section.tabIndex = 0;
  const average = side.average === null ? "flat" : `${number(side.quantity)} @ ${number(side.average, places)}`;
  const profit = side.takeProfit === null ? "" : `, take-profit ${number(side.takeProfit, places)}`;
  const table = make("table");
  const head = make("tr");
  for (const [text, classes] of [["Level"], ["Price", "number"], ["Quantity", "number"], ["Filled", "number"], ["State"]]) {
    const title = make("th", text, classes);
    title.scope = "col";
    head.append(title);
  }
  const top = make("thead");
  top.append(head);
  const body = make("tbody");
  for (const level of side.levels) {
    const row = make("tr");
    const label = make("th", String(level.level));
    label.scope = "row";
    row.append(
      label,
      make("td", number(level.price, places), "number"),
      make("td", number(level.quantity), "number"),
      make("td", number(level.filled), "number"),
      make("td", level.state),
    );
    body.append(row);
  }
  table.append(top, body);
  const sums = make("p", `${average}${profit}; unrealised ${number(cents(side.unrealised), 2)}, ` +
    `realised ${number(cents(side.realised), 2)}`);
  section.append(title, sums, table);
  return section;
}

function curve(session) {
  const values = session.equity.map(([, value]) => value);
  at("equity").hidden = values.length < 2;
  if (values.length < 2) return;
  const low = Math.min(...values);
  const high = Math.max(...values);
  const points = values.map((value, index) => {
    const x = (index / (values.length - 1)) * 600;
    const y = high === low ? 45 : 85 - ((value - low) / (high - low)) * 80;
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  at("line").setAttribute("points", points.join(" "));
  at("equity-text").textContent =
    `Equity ${number(values.at(-1), 2)} ${session.quote ?? ""}; since ${moment(session.equity[0][0])} between ` +
    `${number(low, 2)} and ${number(high, 2)}`;
}

function detail(session) {
  const places = digits(session.tickSize);
  at("session-title").textContent = `${session.userId}: ${session.symbol} at ${number(session.price, places)}`;
  refresh(at("alarms"), [session.stop, ...session.alarms].filter(Boolean).map((text) => make("li", text)));
  curve(session);
  refresh(at("ladders"), session.ladders
    ? [ladder("Long", session.ladders.long, places), ladder("Short", session.ladders.short, places)]
    : []);
  at("quiet").hidden = session.events.length > 0;
  refresh(at("events"), session.events.map((event) => {
    const item = make("li", "", event.level);
    item.append(make("time", moment(event.at)), make("span", event.level, "level"), make("span", event.text, "text"));
    return item;
  }));
  at("session").hidden = false;
}

function sum(sessions) {
  const running = sessions.filter((session) => session.state === "running").length;
  const failed = sessions.filter((session) => session.state === "error").length;
  return `${sessions.length} ${sessions.length === 1 ? "session" : "sessions"}, ${running} running` +
    (failed ? `, ${failed} in error` : "");
}

function say(text) {
  if (at("summary").textContent !== text) at("summary").textContent = text;
}

async function show() {
  const mine = ++round;
  clearTimeout(timer);
  try {
    const { sessions } = await ask("/sessions");
    if (mine !== round) return;
    if (!sessions.some((session) => session.userId === chosen)) chosen = sessions[0]?.userId ?? null;
    const picture = chosen === null ? null : await ask(`/sessions/${chosen}`);
    if (mine !== round) return;
    at("door").hidden = true;
    at("leave").hidden = at("sessions").hidden = false;
    at("nobody").hidden = sessions.length > 0;
    refresh(at("rows"), rows(sessions));
    if (picture) detail(picture);
    else at("session").hidden = true;
    say(sum(sessions));
  } catch (error) {
    if (mine !== round) return;
    if (error instanceof Refused) {
      close(error.message);
      return;
    }
    say(`The server does not answer; what is shown is old. Trying again… (${error.message})`);
  }
  timer = setTimeout(show, EVERY_MS);
}

function close(text) {
  round += 1;
  clearTimeout(timer);
  sessionStorage.removeItem(KEY);
  at("leave").hidden = at("sessions").hidden = at("session").hidden = true;
  at("door").hidden = false;
  at("door-text").textContent = text;
  say("");
  at("key").value = "";
  at("key").focus();
}

at("door").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(KEY, at("key").value);
  at("key").value = "";
  at("door-text").textContent = "";
  show();
});
at("leave").addEventListener("click", () => close(""));
at("rows").addEventListener("click", (event) => {
  const user = event.target.closest("button")?.dataset.user;
  if (user === undefined) return;
  chosen = user;
  show();
});
if (sessionStorage.getItem(KEY)) show();
else at("key").focus();
