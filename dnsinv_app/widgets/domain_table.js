// The table of domains. `data` is what domain_table.py sends; nothing of it becomes HTML.
// What is ticked is kept at the root element for as long as data.shown stays the same.

const COLUMNS = [
  // title, sort, class
  ["Domain", "name", "name"],
  ["Status", "status", "status"],
  ["Expires", "expires_on", "expires"],
  ["Renewal", "", "renewal"],
  ["Owners", "", "owners"],
  ["Held at", "", "sources"],
  ["Records", "record_count", "records"],
];
const SORTS = [
  ["name", "Name"],
  ["-name", "Name, Z first"],
  ["status", "Status"],
  ["expires_on", "Expires first"],
  ["-expires_on", "Expires last"],
  ["-record_count", "Most records"],
  ["-discovered_on", "Newest"],
];
const number = new Intl.NumberFormat("en-US");
const counted = (count, one) => `${number.format(count)} ${one}${count === 1 ? "" : "s"}`;

function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".domains");
  const said = JSON.stringify(data);
  if (root.said === said) return;
  root.said = said;
  if (root.shown !== data.shown) {
    root.shown = data.shown;
    root.ticked = new Set();
    root.isAll = false;
  }
  const focused = root.getRootNode().activeElement?.dataset.sort;
  root.replaceChildren(...view(root, data, setTriggerValue));
  if (focused) root.querySelector(`[data-sort="${focused}"]`)?.focus();
}

function view(root, data, trigger) {
  const boxes = [];
  const last = { place: null };
  const every = el("input", { type: "checkbox", "aria-label": "Select all on this page" });
  const bar = actions(root, data, trigger, () => refresh());

  function refresh() {
    const count = root.ticked.size;
    for (const box of boxes) {
      box.checked = root.isAll || root.ticked.has(box.value);
      box.closest("tr").classList.toggle("ticked", box.checked);
    }
    every.checked = root.isAll || (count > 0 && count === data.rows.length);
    every.indeterminate = !root.isAll && count > 0 && count < data.rows.length;
    bar.refresh();
  }

  function tick(event) {
    const place = boxes.indexOf(event.target);
    const from = event.shiftKey && last.place !== null ? last.place : place;
    const [low, high] = from < place ? [from, place] : [place, from];
    if (root.isAll) for (const each of boxes) root.ticked.add(each.value);
    root.isAll = false;
    for (const each of boxes.slice(low, high + 1)) {
      if (event.target.checked) root.ticked.add(each.value);
      else root.ticked.delete(each.value);
    }
    last.place = place;
    refresh();
  }

  every.addEventListener("click", () => {
    root.isAll = false;
    root.ticked = new Set(every.checked ? data.rows.map((row) => row.name) : []);
    refresh();
  });
  const body = data.rows.map((row) => {
    const box = el("input", { type: "checkbox", value: row.name, "aria-label": `Select ${row.shown}`, onclick: tick });
    boxes.push(box);
    return line(row, data.canAssign ? box : null, trigger);
  });
  const table = el(
    "table",
    { role: "table", "aria-label": data.title, class: data.canAssign ? "pickable" : "" },
    el("thead", { role: "rowgroup" }, header(data, data.canAssign ? every : null, trigger)),
    el("tbody", { role: "rowgroup" }, ...body),
  );
  const parts = [heading(data, trigger), table];
  if (data.canAssign) {
    parts.push(bar.element);
    refresh();
  }
  return parts;
}

function heading(data, trigger) {
  const select = el(
    "select",
    { onchange: (event) => trigger("sort", event.target.value) },
    ...SORTS.map(([value, text]) => el("option", { value, selected: value === data.sort }, text)),
  );
  if (!SORTS.some(([value]) => value === data.sort)) {
    select.append(el("option", { value: data.sort, selected: true }, data.sort));
  }
  const links = data.links.map(([text, href]) => el("a", { href, download: true, "aria-label": `Export as ${text}` }, text));
  return el(
    "div",
    { class: "heading" },
    el("p", { class: "count", role: "status" }, el("strong", {}, number.format(data.total)), data.total === 1 ? " domain" : " domains"),
    el("label", { class: "sorter" }, el("span", {}, "Sort"), select),
    el("p", { class: "exports" }, el("span", {}, "Export"), ...links),
  );
}

function header(data, every, trigger) {
  const [sorted, isDown] = [data.sort.replace(/^-/, ""), data.sort.startsWith("-")];
  const cells = COLUMNS.map(([title, sort, kind]) => {
    if (!sort) return el("th", { role: "columnheader", scope: "col", class: kind }, title);
    const order = sort !== sorted ? "none" : isDown ? "descending" : "ascending";
    const next = sort === sorted && !isDown ? `-${sort}` : sort;
    const button = el("button", { type: "button", "data-sort": sort, onclick: () => trigger("sort", next) }, title, el("span", { class: "arrow", "aria-hidden": "true" }));
    return el("th", { role: "columnheader", scope: "col", class: kind, "aria-sort": order }, button);
  });
  const pick = every ? [el("th", { role: "columnheader", class: "pick" }, el("label", {}, every))] : [];
  return el("tr", { role: "row" }, ...pick, ...cells);
}

function line(row, box, trigger) {
  const cell = (kind, ...children) => el("td", { role: "cell", class: kind }, ...children);
  const owners = row.owners.length
    ? row.owners.map(([kind, name]) => el("span", { class: `owner ${kind}`, title: kind === "group" ? `Group ${name}` : name }, name))
    : [el("span", { class: "none" }, "–")];
  const tags = row.tags.map((tag) => el("span", { class: "tag" }, tag));
  const more = [...tags, ...(row.note ? [el("span", { class: "note", title: row.note }, row.note)] : [])];
  return el(
    "tr",
    { role: "row" },
    box ? cell("pick", el("label", {}, box)) : null,
    el(
      "th",
      { role: "rowheader", scope: "row", class: "name" },
      el("button", { type: "button", class: "open", title: row.shown === row.name ? null : row.name, onclick: () => trigger("open", row.name) }, row.shown),
      more.length ? el("span", { class: "more" }, ...more) : null,
    ),
    cell("status", el("span", { class: `pill ${row.tone}` }, row.status)),
    cell("expires", row.expires ? el("time", { datetime: row.expires, class: row.urgency }, row.expires) : el("span", { class: "none" }, "–"), row.within ? el("small", { class: row.urgency }, row.within) : null),
    cell("renewal", row.renewal || el("span", { class: "none" }, "–")),
    cell("owners", ...owners),
    cell("sources", ...(row.sources.length ? row.sources.map((each) => el("span", {}, each)) : [el("span", { class: "none" }, "–")])),
    cell("records", number.format(row.records)),
  );
}

function actions(root, data, trigger, refreshed) {
  const said = el("span", { class: "said", role: "status" });
  const every = el("button", { type: "button", class: "link", onclick: () => {
    root.isAll = true;
    refreshed();
  } }, `Select all ${number.format(data.total)} that match`);
  const clear = el("button", { type: "button", class: "link", onclick: () => {
    root.isAll = false;
    root.ticked.clear();
    refreshed();
  } }, "Clear");
  const assign = el("button", { type: "button", class: "primary", onclick: () => {
    trigger("assign", { shown: data.shown, all: root.isAll, names: root.isAll ? [] : [...root.ticked] });
  } }, "Assign owners…");
  const element = el("div", { class: "actions", role: "group", "aria-label": "Selected domains" }, assign, said, every, clear);
  function refresh() {
    const count = root.isAll ? data.total : root.ticked.size;
    element.classList.toggle("idle", count === 0);
    element.inert = count === 0;
    said.textContent = count === 0 ? "" : root.isAll && data.total > data.rows.length ? `All ${counted(count, "domain")} selected` : `${number.format(count)} selected`;
    every.hidden = root.isAll || root.ticked.size < data.rows.length || data.total <= data.rows.length;
  }
  return { element, refresh };
}
