"use strict";

// Reads, and shows. Text from outside only ever becomes text, never markup.
const EVERY_MS = 2000;
const SILENT_S = 30;
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
  if (body.code === "ADMIN_KEY_WRONG") throw new Refused("This key is not this server's.");
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

function age(seconds) {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

// A session that hangs still calls itself running: the age of its last tick tells.
function silent(session) {
  return session.secondsSinceTick > SILENT_S;
}

function tone(value) {
  const shown = cents(value);
  return shown > 0 ? "gain" : shown < 0 ? "loss" : "";
}

function gained(value) {
  const shown = cents(value);
  return (shown > 0 ? "+" : "") + number(shown, 2);
}

function cell(label, text, classes) {
  const node = make("td", text, classes);
  node.dataset.label = label;
  if (text === "–") node.dataset.empty = "true";
  node.setAttribute("role", "cell");
  return node;
}

function signed(label, value) {
  if (value === null || value === undefined) return cell(label, "–", "number");
  return cell(label, gained(value), `number ${tone(value)}`);
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
    const [word, mark] = session.stop ? [`${session.state}, stopped by risk`, "error"]
      : silent(session) ? [`${session.state}, silent for ${age(session.secondsSinceTick)}`, "silent"]
      : [session.state, session.state];
    const state = cell("State", word, "state");
    state.dataset.state = mark;
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

function facts(entries) {
  return entries.flatMap(([name, text, classes]) => {
    if (text === null) return [];
    const pair = make("div");
    pair.append(make("dt", name), make("dd", text, classes ?? ""));
    return [pair];
  });
}

function percent(value) {
  return value === null || value === undefined ? null : `${number(value, 2)} %`;
}

function capital(word) {
  return word[0].toUpperCase() + word.slice(1);
}

function ladder(name, side, places) {
  const section = make("section");
  const title = make("h3", name);
  title.id = `ladder-${name}`;
  section.setAttribute("aria-labelledby", title.id);
  section.tabIndex = 0;
  const away = percent(side.takeProfitDistancePercent);
  const sums = make("dl");
  sums.append(...facts([
    ["Position", side.average === null ? "flat" : number(side.quantity)],
    ["Average", side.average === null ? null : number(side.average, places)],
    [capital(side.exit), side.takeProfit === null ? null : number(side.takeProfit, places) + (away ? ` (${away} away)` : "")],
    ["Stop-loss", side.stopLoss === null ? null : number(side.stopLoss, places), "loss"],
    ["Unrealised", gained(side.unrealised), tone(side.unrealised)],
    ["Realised", gained(side.realised), tone(side.realised)],
  ]));
  section.append(title, sums, side.levels.length ? levels(side.levels, places) : make("p", "No level yet.", "empty"));
  return section;
}

function levels(rows, places) {
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
  for (const level of rows) {
    const row = make("tr");
    const label = make("th", String(level.level));
    const state = make("td", level.state, "state");
    label.scope = "row";
    state.dataset.state = level.state;
    row.append(
      label,
      make("td", number(level.price, places), "number"),
      make("td", number(level.quantity), "number"),
      make("td", level.filled ? number(level.filled) : "–", "number"),
      state,
    );
    body.append(row);
  }
  table.append(top, body);
  return table;
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
  at("area").setAttribute("points", `0,90 ${points.join(" ")} 600,90`);
  at("high").textContent = number(high, 2);
  at("low").textContent = high === low ? "" : number(low, 2);
  at("equity-text").textContent =
    `Equity ${number(values.at(-1), 2)} ${session.quote ?? ""}; since ${moment(session.equity[0][0])} between ` +
    `${number(low, 2)} and ${number(high, 2)}`;
}

function account(session) {
  const limit = percent(session.marginThresholdPercent);
  const rate = percent(session.marginRatePercent);
  return facts([
    ["Available", `${number(session.available, 2)} ${session.quote ?? ""}`],
    ["Reserve", session.reserve === null ? null : number(session.reserve, 2)],
    ["Margin rate", rate === null ? null : rate + (limit ? ` of ${limit}` : "")],
    ["Realised", gained(session.totalPnL), tone(session.totalPnL)],
    ["Unrealised", gained(session.unrealizedPnL), tone(session.unrealizedPnL)],
    ["Last tick", session.secondsSinceTick === null ? null : `${age(session.secondsSinceTick)} ago`],
  ]);
}

function detail(session) {
  const places = digits(session.tickSize);
  const price = session.price === null ? "" : ` at ${number(session.price, places)}`;
  at("session-title").textContent = `${session.userId}: ${session.symbol}${price}`;
  refresh(at("alarms"), [session.stop, ...session.alarms].filter(Boolean).map((text) => make("li", text)));
  const traded = session.equity.length > 0 || session.ladders !== null;
  at("untraded").hidden = traded;
  refresh(at("facts"), traded ? account(session) : []);
  curve(session);
  refresh(at("ladders"), session.ladders
    ? [ladder("Long", session.ladders.long, places), ladder("Short", session.ladders.short, places)]
    : []);
  at("quiet").hidden = session.events.length > 0;
  at("events").hidden = session.events.length === 0;
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
  const quiet = sessions.filter(silent).length;
  return `${sessions.length} ${sessions.length === 1 ? "session" : "sessions"}, ${running} running` +
    (failed ? `, ${failed} in error` : "") + (quiet ? `, ${quiet} silent` : "");
}

function say(text, lost = false) {
  at("summary").dataset.lost = String(lost);
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
    document.title = `${sum(sessions)} – gridhedge`;
    at("fresh").hidden = false;
    at("fresh").textContent = `live, ${new Date().toISOString().slice(11, 19)} UTC`;
  } catch (error) {
    if (mine !== round) return;
    if (error instanceof Refused) {
      close(error.message);
      return;
    }
    say(`The server does not answer; what is shown is old. Trying again… (${error.message})`, true);
    at("fresh").hidden = true;
  }
  timer = setTimeout(show, EVERY_MS);
}

function close(text) {
  round += 1;
  clearTimeout(timer);
  sessionStorage.removeItem(KEY);
  at("leave").hidden = at("sessions").hidden = at("session").hidden = at("fresh").hidden = true;
  document.title = "gridhedge";
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
  show().then(() => {
    const title = at("session-title");
    if (title.getBoundingClientRect().top > innerHeight - 80) title.scrollIntoView();
  });
});
if (sessionStorage.getItem(KEY)) show();
else at("key").focus();
