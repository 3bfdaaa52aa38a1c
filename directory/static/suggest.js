// Suggestions under the search box: a combobox with a list (ARIA Authoring Practices Guide). Without this file, and
// whenever it gets no answer, the box is a plain field of a plain form.

const PAUSE = 150; // milliseconds without typing before a question is asked
const LEAST = 2; // letters
const NOT_SENT = ["after", "page", "page_size", "facets", "sort"];

const input = document.getElementById("f-q");
const form = input?.form;
if (form) begin();

function begin() {
  const panel = element("div", { className: "suggest", hidden: true });
  const crisis = element("p", { className: "suggest-crisis", hidden: true });
  crisis.append("In crisis? Call or text ", element("a", { href: "tel:988", textContent: "988" }), ", any time.");
  const list = element("div", { id: "suggestions", role: "listbox", ariaLabel: "Suggestions" });
  const status = element("p", { className: "sr", role: "status" });
  panel.append(crisis, list);
  form.append(panel, status);
  for (const [name, value] of Object.entries({
    role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id,
  })) input.setAttribute(name, value);

  let options = [];
  let active = -1;
  let timer = 0;
  let question = new AbortController();

  const open = () => input.getAttribute("aria-expanded") === "true";

  function close() {
    clearTimeout(timer);
    question.abort();
    panel.hidden = true;
    status.textContent = "";
    input.setAttribute("aria-expanded", "false");
    activate(-1);
  }

  function activate(place) {
    options[active]?.node.setAttribute("aria-selected", "false");
    active = place;
    const node = options[place]?.node;
    if (node) {
      node.setAttribute("aria-selected", "true");
      node.scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", node.id);
    } else input.removeAttribute("aria-activedescendant");
  }

  function show(answer, left) {
    options = [];
    list.replaceChildren();
    activate(-1);
    for (const group of new Set(answer.suggestions.map((s) => s.group))) {
      const heading = element("div", { id: `suggest-${group}`, className: "suggest-group", role: "presentation" });
      heading.textContent = answer.groups[group];
      const box = element("div", { role: "group" });
      box.setAttribute("aria-labelledby", heading.id);
      box.append(heading, ...answer.suggestions.filter((s) => s.group === group).map((s) => option(s, left)));
      list.append(box);
    }
    crisis.hidden = !answer.crisis;
    list.hidden = !options.length;
    panel.hidden = !options.length && !answer.crisis;
    panel.style.top = `${input.offsetTop + input.offsetHeight + 4}px`;
    panel.style.left = `${input.offsetLeft}px`;
    panel.style.width = `${input.offsetWidth}px`;
    input.setAttribute("aria-expanded", String(options.length > 0));
    const many = options.length === 1 ? "1 suggestion" : `${options.length} suggestions`;
    status.textContent = (answer.crisis ? "In crisis? Call or text 988. " : "") + (options.length ? many : "No suggestions");
  }

  function option(suggestion, left) {
    const place = options.length;
    const node = element("div", { id: `suggest-${place}`, className: "suggest-option", role: "option", ariaSelected: "false" });
    const label = element("span", { textContent: suggestion.label });
    if (suggestion.detail) label.append(" ", element("span", { className: "soft", textContent: suggestion.detail }));
    node.append(label);
    if (!suggestion.id) node.append(" ", element("span", { className: "soft", textContent: people(suggestion.count) }));
    node.addEventListener("click", () => location.assign(address(suggestion, left)));
    node.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
    options.push({ node });
    return node;
  }

  // Asked for when it is needed first, so that a page costs no more than before.
  let styled;
  function style() {
    styled ??= new Promise((done) => {
      const link = element("link", { rel: "stylesheet", href: new URL("suggest.css", import.meta.url).href });
      link.addEventListener("load", done);
      link.addEventListener("error", done);
      document.head.append(link);
    });
    return styled;
  }

  async function ask(mine, without = []) {
    const asked = [...new FormData(form)].filter(([name, value]) => value && !NOT_SENT.includes(name));
    const sent = asked.filter(([name]) => !without.includes(name));
    const left = asked.filter(([name]) => without.includes(name));
    const response = await fetch(`/api/v1/suggest?${new URLSearchParams(sent)}`, { signal: mine.signal });
    const answer = await response.json();
    await style();
    if (mine.signal.aborted) return;
    if (response.ok) return show(answer, left);
    // A field that isn't finished yet ("Aust") must not cost the suggestions; the results page explains it.
    const wrong = (answer.errors ?? []).map((error) => error.parameter);
    if (response.status === 400 && !without.length && wrong.length && !wrong.includes("q")) return ask(mine, wrong);
    close();
  }

  function typed() {
    clearTimeout(timer);
    question.abort();
    if (input.value.trim().length < LEAST) return close();
    const mine = (question = new AbortController());
    timer = setTimeout(() => ask(mine).catch(() => mine.signal.aborted || close()), PAUSE);
  }

  input.addEventListener("input", (event) => event.isComposing || typed());
  input.addEventListener("compositionend", typed);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && open()) {
      event.preventDefault();
      const places = options.length + 1; // one more: back in the field itself
      activate(((active + 1 + step + places) % places) - 1);
    } else if (step) {
      event.preventDefault();
      typed();
    } else if (event.key === "Enter" && open() && active >= 0) {
      event.preventDefault();
      options[active].node.click();
    } else if (event.key === "Escape" && !panel.hidden) {
      event.preventDefault();
      close();
    }
  });
}

function element(name, properties) {
  const { role, ariaLabel, ariaSelected, ...rest } = properties;
  const node = Object.assign(document.createElement(name), rest);
  if (role) node.setAttribute("role", role);
  if (ariaLabel) node.setAttribute("aria-label", ariaLabel);
  if (ariaSelected) node.setAttribute("aria-selected", ariaSelected);
  return node;
}

function people(count) {
  return count === 1 ? "1 person" : `${count.toLocaleString("en-US")} people`;
}

function address(suggestion, left) {
  if (suggestion.id) return `/providers/${encodeURIComponent(suggestion.id)}`;
  const args = new URLSearchParams(suggestion.search);
  const sort = form.querySelector('[name="sort"]')?.value;
  for (const [name, value] of sort ? [...left, ["sort", sort]] : left) if (name !== suggestion.parameter) args.append(name, value);
  return `/search?${args}`;
}
