// The console's own script: what HTML cannot say yet. Every page works without it.
// No state is kept here but what the page shows and what was unfolded; after htmx has put new content in, sync
// looks at the page again. Nothing is evaluated and no handler stands in the markup, as
// the content security policy demands.
(() => {
  "use strict";

  const root = document.documentElement;
  root.classList.add("js");

  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const on = (type, selector, act) => document.addEventListener(type, (event) => {
    const found = event.target.closest?.(selector);
    if (found) act(found, event);
  });
  const announce = (text) => {
    const region = document.getElementById("announce");
    if (region) region.textContent = text;
  };

  // ---- Selection of table rows -------------------------------------------------------

  // chosen are the checked boxes of the form with this id.
  const boxes = (form) => all(`.select-box[form="${CSS.escape(form)}"]`);

  function syncSelection() {
    for (const form of all("form[data-total]")) {
      const list = boxes(form.id);
      const chosen = list.filter((box) => box.checked);
      const head = document.querySelector(`[data-select-all="${CSS.escape(form.id)}"]`);
      if (head) {
        head.checked = chosen.length > 0 && chosen.length === list.length;
        head.indeterminate = chosen.length > 0 && chosen.length < list.length;
        head.disabled = list.length === 0;
      }
      const counter = form.closest("[data-table]")?.querySelector("[data-counter]");
      if (counter) counter.textContent = chosen.length ? `(${chosen.length}/${form.dataset.total})` : `(${form.dataset.total})`;
      for (const button of all(`[data-min-sel][form="${CSS.escape(form.id)}"]`)) {
        button.disabled = !permitted(button.dataset, chosen);
      }
    }
  }

  // permitted tells whether the chosen rows are as many as the action wants and each allow it.
  function permitted(wants, chosen) {
    if (chosen.length < Number(wants.minSel)) return false;
    if (wants.maxSel && chosen.length > Number(wants.maxSel)) return false;
    return !wants.action || chosen.every((box) => (box.dataset.allow ?? "").split(" ").includes(wants.action));
  }

  on("change", "[data-select-all]", (head) => {
    for (const box of boxes(head.dataset.selectAll)) box.checked = head.checked;
    syncSelection();
  });
  on("change", ".select-box", syncSelection);

  // ---- Menus and popovers ------------------------------------------------------------

  const anchors = CSS.supports("position-area: block-end");

  // place puts a popover under its button in browsers without anchor positioning.
  function place(button, box) {
    const at = button.getBoundingClientRect(), size = box.getBoundingClientRect();
    const end = box.classList.contains("menu-end") || at.left + size.width > innerWidth - 8;
    const left = end ? at.right - size.width : at.left;
    const below = at.bottom + 4 + size.height <= innerHeight || at.top < size.height;
    box.style.left = `${Math.max(8, left)}px`;
    box.style.top = `${below ? at.bottom + 4 : at.top - size.height - 4}px`;
  }

  document.addEventListener("toggle", (event) => {
    const box = event.target;
    if (!box.matches?.("[popover]")) return;
    const button = document.querySelector(`[popovertarget="${CSS.escape(box.id)}"]`);
    button?.setAttribute("aria-expanded", String(event.newState === "open"));
    if (event.newState !== "open" || !button) return;
    if (!anchors) place(button, box);
    if (box.matches(".menu")) items(box)[0]?.focus();
  }, true);

  // A region that fetched itself has lost what was said of a menu that is still open.
  const syncMenus = () => {
    for (const menu of all(".menu:popover-open")) {
      document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`)?.setAttribute("aria-expanded", "true");
    }
  };

  const items = (menu) => all(".menu-item:not(:disabled)", menu);

  on("keydown", ".menu", (menu, event) => {
    const list = items(menu), at = list.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: list.length - 1 }[event.key];
    if (to !== undefined && list.length) {
      event.preventDefault();
      list[(to + list.length) % list.length].focus();
    } else if (event.key === "Tab") {
      menu.hidePopover();
    }
  });
  on("keydown", "button[popovertarget]", (button, event) => {
    const menu = document.getElementById(button.getAttribute("popovertarget"));
    if (event.key === "ArrowDown" && menu?.matches(".menu")) {
      event.preventDefault();
      menu.showPopover({ source: button });
    }
  });
  on("click", ".menu-item", (item, event) => {
    if (item.getAttribute("aria-disabled") === "true") event.preventDefault();
    else item.closest(".menu")?.hidePopover();
  });
  on("click", 'button[aria-disabled="true"]', (_, event) => event.preventDefault());

  // ---- Dialogs -----------------------------------------------------------------------

  // show makes a dialog of the page modal. It leaves its place so that no region that
  // fetches itself again can take it away.
  function show(dialog) {
    const opener = document.activeElement;
    dialog.removeAttribute("open");
    document.body.append(dialog);
    dialog.showModal();
    dialog.querySelector("[autofocus], .modal-body :is(input:not([type=hidden], [type=radio]:not(:checked)), select, textarea)")?.focus();
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (new URLSearchParams(location.search).has("dialog")) history.replaceState(null, "", dialog.dataset.back);
      if (opener?.isConnected) opener.focus();
    });
    sync();
  }

  // fetchDialog shows the dialog that the page at url opens, without leaving this page;
  // if that fails the browser simply goes there.
  async function fetchDialog(url) {
    try {
      const answer = await fetch(url, { headers: { Accept: "text/html" }, credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const dialog = page.querySelector("dialog.modal[open]");
      if (!answer.ok || !dialog) throw new Error("no dialog");
      show(document.importNode(dialog, true));
    } catch {
      location.assign(url);
    }
  }

  // dialogURL is where a link or a submit button of a GET form leads.
  function dialogURL(opener) {
    if (opener.href) return opener.href;
    const query = new URLSearchParams(new FormData(opener.form));
    query.set(opener.name, opener.value);
    return `${opener.formAction.split("?")[0]}?${query}`;
  }

  on("click", "[data-dialog]", (opener, event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    fetchDialog(dialogURL(opener));
  });
  on("click", "dialog [data-close]", (closer, event) => {
    const dialog = closer.closest("dialog");
    if (!dialog.matches(":modal")) return;
    event.preventDefault();
    dialog.close();
  });

  // A dialog that asks for a word lets go of its button once the word stands there.
  function syncWords() {
    for (const button of all("[data-needs-word]")) {
      const typed = button.form?.elements.namedItem("confirm")?.value.trim() ?? "";
      button.disabled = typed !== button.dataset.needsWord;
    }
  }

  // ---- Rows that are added and removed -----------------------------------------------

  function syncRepeats() {
    for (const list of all("[data-repeat]")) {
      const rows = all("[data-repeat-row]", list);
      for (const [i, row] of rows.entries()) {
        const remove = row.querySelector("[data-repeat-remove]");
        remove.value = `${list.dataset.repeat}:${i}`;
      }
      const empty = list.querySelector("[data-repeat-empty]");
      if (empty) empty.hidden = rows.length > 0;
      list.querySelector("[data-repeat-add]").disabled = rows.length >= Number(list.dataset.max);
    }
  }

  on("click", "[data-repeat-add]", (button, event) => {
    event.preventDefault();
    const list = button.closest("[data-repeat]");
    const blank = list.querySelector(":scope > template").content.cloneNode(true);
    const row = blank.firstElementChild;
    list.querySelector("[data-repeat-rows]").append(blank);
    sync();
    row.querySelector("input, select, textarea")?.focus();
  });
  on("click", "[data-repeat-remove]", (button, event) => {
    event.preventDefault();
    const list = button.closest("[data-repeat]");
    button.closest("[data-repeat-row]").remove();
    sync();
    list.querySelector("[data-repeat-add]").focus();
  });

  // ---- Fields that depend on each other ----------------------------------------------

  // fieldsNamed are the controls called name that stand nearest to the element: in its
  // row, else in its form, else anywhere.
  function fieldsNamed(name, near) {
    for (const scope of [near.closest("[data-repeat-row]"), near.closest("form"), document]) {
      const found = scope ? all(`[name="${CSS.escape(name)}"]`, scope) : [];
      if (found.length) return found;
    }
    return [];
  }

  const valuesOf = (fields) => fields.flatMap((field) => {
    if (field.disabled || (/^(radio|checkbox)$/.test(field.type) && !field.checked)) return [];
    return [field.value];
  });

  // holds tells whether a condition is met: field=one,or,other, several with &, else with |.
  const holds = (condition, near) => condition.split("|").some((part) => part.split("&").every((one) => {
    const [name, wanted = ""] = one.split("=");
    return valuesOf(fieldsNamed(name, near)).some((value) => wanted.split(",").includes(value));
  }));

  function syncConditions() {
    for (const part of all("[data-show-when]")) {
      const shown = holds(part.dataset.showWhen, part);
      part.hidden = !shown;
      for (const field of all("input, select, textarea", part)) {
        if (!field.closest("[data-show-when][hidden]") || !shown) field.disabled = !shown;
      }
    }
  }

  // labelOf is how a control's value reads in a summary.
  function labelOf(field) {
    if (field.tagName === "SELECT") return field.selectedOptions[0]?.textContent.trim() ?? "";
    if (field.type === "radio") {
      const label = field.labels?.[0];
      return (label?.querySelector("strong") ?? label)?.textContent.trim() ?? field.value;
    }
    if (field.type === "checkbox") return field.labels?.[0]?.textContent.trim() ?? field.value;
    return field.value.trim();
  }

  function syncMirrors() {
    for (const mirror of all("[data-mirror]")) {
      const fields = all(`[name="${CSS.escape(mirror.dataset.mirror)}"]`).filter((field) =>
        !field.disabled && (!/^(radio|checkbox)$/.test(field.type) || field.checked));
      mirror.textContent = fields.map(labelOf).filter(Boolean).join(", ") || mirror.dataset.mirrorEmpty;
    }
    for (const mirror of all("[data-mirror-count]")) {
      mirror.textContent = all(`[name="${CSS.escape(mirror.dataset.mirrorCount)}"]:checked`).length;
    }
  }

  document.addEventListener("input", () => { syncWords(); syncConditions(); syncMirrors(); });
  document.addEventListener("change", () => { syncConditions(); syncMirrors(); });
  on("change", "[data-autosubmit]", (field) => field.form?.requestSubmit());

  // ---- Copying, flashes, navigation, filters -----------------------------------------

  // copy uses the clipboard where the page may: a plain-http LAN name may not.
  async function copy(text) {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "visually-hidden";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (!done) throw new Error("copying was refused");
  }

  on("click", "[data-copy]", async (button, event) => {
    event.preventDefault();
    try {
      await copy(button.dataset.copy);
    } catch {
      return;
    }
    announce(button.dataset.copied);
    button.classList.add("copied");
    const use = button.querySelector("use"), icon = use?.getAttribute("href");
    use?.setAttribute("href", icon.replace(/#.*/, "#check"));
    setTimeout(() => {
      button.classList.remove("copied");
      use?.setAttribute("href", icon);
    }, 1500);
  });

  on("click", "[data-dismiss]", (button) => button.closest("[data-flash]").remove());

  const narrow = matchMedia("(max-width: 687px)");
  on("click", "[data-nav-toggle]", (button) => {
    const open = narrow.matches ? root.dataset.nav !== "open" : root.dataset.nav === "closed";
    root.dataset.nav = open ? "open" : "closed";
    button.setAttribute("aria-expanded", String(open));
    try { localStorage.setItem("elbow-nav", open ? "open" : "closed"); } catch { /* a private window */ }
  });
  try {
    if (!narrow.matches && localStorage.getItem("elbow-nav") === "closed") root.dataset.nav = "closed";
  } catch { /* a private window keeps nothing: the navigation starts open */ }

  on("click", "[data-clear-filter]", (link, event) => {
    const field = link.closest("form").querySelector("input[type=search]");
    event.preventDefault();
    field.value = "";
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });

  // A value that its column cuts short is told whole to who points at it.
  on("mouseover", ".table td, .truncate", (cell) => {
    if (cell.scrollWidth > cell.clientWidth) cell.title ||= cell.innerText.trim();
  });

  // The open tab is in view where the list of tabs is wider than the screen.
  function showTab() {
    const tab = document.querySelector(".tabs [aria-current]"), list = tab?.parentElement;
    if (list && list.scrollWidth > list.clientWidth) {
      list.scrollLeft += tab.getBoundingClientRect().left - list.getBoundingClientRect().left - 24;
    }
  }

  // A part that was opened or closed by hand stays so when its region fetches itself: the
  // answer knows nothing of it.
  const opened = new Map();
  const keyOf = (details) => `${details.closest(".live").id}\n${details.id || details.firstElementChild.textContent.trim()}`;
  on("click", ".live details > summary", (summary, event) => {
    if (!event.defaultPrevented) opened.set(keyOf(summary.parentElement), !summary.parentElement.open);
  });
  function syncDetails() {
    for (const details of opened.size ? all(".live details") : []) details.open = opened.get(keyOf(details)) ?? details.open;
  }

  // ---- Live updates ------------------------------------------------------------------

  // A region that fetched itself may bring attributes that this script had changed.
  document.addEventListener("htmx:after:swap", () => sync());
  document.addEventListener("htmx:sse:error", () => announce(root.dataset.liveLost));

  // While a stream is down nothing arrives; "refresh" is its first message when it is back.
  function sync() {
    syncSelection();
    syncMenus();
    syncDetails();
    syncRepeats();
    syncConditions();
    syncMirrors();
    syncWords();
  }

  function start() {
    sync();
    showTab();
    const dialog = document.querySelector("dialog.modal[open]");
    if (dialog) show(dialog);
  }
  // The script is deferred: the document is parsed by now.
  start();
  // A page brought back from the browser's cache has its fields filled in again.
  window.addEventListener("pageshow", (event) => { if (event.persisted) sync(); });
})();
