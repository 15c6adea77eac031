// What the pages do beyond HTML: remember the theme without a reload, keyboard shortcuts, and rows to walk through.
// Every page is complete without this file.
"use strict";
(() => {
  const root = document.documentElement;
  const one = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];

  // Theme: the form works by itself; here it only avoids the reload.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-themes]") || !event.submitter) return;
    event.preventDefault();
    const theme = event.submitter.value;
    const year = 60 * 60 * 24 * 365;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `plumbline_theme=${theme}; Path=/; Max-Age=${year}; SameSite=Lax${secure}`;
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    all("button", form).forEach((button) => button.setAttribute("aria-pressed", String(button.value === theme)));
    document.dispatchEvent(new CustomEvent("plumbline:theme"));
  });

  // A link to something folded away opens it.
  const unfold = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target) all(":scope > details", target).forEach((details) => { details.open = true; });
  };
  unfold();
  addEventListener("hashchange", unfold);

  // A date that is picked is a question asked, of whatever the address holds by now.
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-asks]")) return;
    const query = new URLSearchParams(location.search);
    query.delete("cursor");
    query.delete("as_of");
    if (event.target.value) query.set("as_of", event.target.value);
    location.search = query;
  });

  // What was left empty does not clutter the address.
  document.addEventListener("formdata", (event) => {
    if (event.target.method !== "get") return;
    const empty = [...event.formData].filter(([, value]) => value === "");
    empty.forEach(([name]) => event.formData.delete(name));
  });

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) one("#" + opener.dataset.opens)?.showModal();
    const copier = event.target.closest("[data-copies]");
    if (copier) copy(copier);
  });
  all("[data-needs-script]").forEach((element) => { element.hidden = false; });

  async function copy(button) {
    const text = one("#" + button.dataset.copies)?.textContent ?? "";
    const said = one(".unseen[data-said]");
    try {
      await navigator.clipboard.writeText(text);
      if (said) said.textContent = "Copied.";
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select and copy by hand";
    }
  }

  // Keys. g and then a letter goes to a section; j and k walk through the rows of a list.
  const sections = { o: "overview", c: "controls", f: "findings", i: "inventory", s: "scopes" };
  let going = 0;
  const typing = (target) => target.closest("input, select, textarea, [contenteditable]") !== null;

  function walk(step) {
    const rows = all(".rows tbody tr").filter((row) => one("a[href]", row));
    if (rows.length === 0) return;
    const at = rows.findIndex((row) => row.getAttribute("aria-selected") === "true");
    const next = rows[Math.min(Math.max(at + step, 0), rows.length - 1)];
    rows.forEach((row) => row.removeAttribute("aria-selected"));
    next.setAttribute("aria-selected", "true");
    one(".title, a[href]", next).focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || one("dialog[open]")) return;
    if (going && Date.now() - going < 1500 && sections[event.key]) {
      going = 0;
      one(`[data-section="${sections[event.key]}"]`)?.click();
      return;
    }
    going = 0;
    switch (event.key) {
      case "g": going = Date.now(); return;
      case "j": walk(1); break;
      case "k": walk(-1); break;
      case "?": one("#keys")?.showModal(); break;
      case "/": one("#search")?.focus(); break;
      default: return;
    }
    event.preventDefault();
  });
})();
