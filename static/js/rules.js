// The rule editor: choosing a type fills and locks the row's protocol and ports, choosing
// a kind of source fills and locks the source. The server does the same from the two
// choices alone, so nothing here is needed for the rules to be right.
(() => {
  "use strict";

  const part = (row, name) => row.querySelector(`[data-rule-part="${name}"]`);

  // A locked field shows what the choice means; it stays readable and is still sent.
  const fill = (field, value) => {
    if (!field) return;
    const locked = value !== undefined && value !== null;
    if (locked) field.value = value;
    else if (field.readOnly) field.value = "";
    field.readOnly = locked;
  };

  const chosen = (select) => select.selectedOptions[0]?.dataset || {};

  const apply = (row) => {
    const type = row.querySelector("[data-rule-type]");
    const peer = part(row, "peer");
    if (!type || !peer) return;
    const custom = chosen(type);
    const protocol = part(row, "protocol");
    fill(protocol, custom.protocol);
    fill(part(row, "ports"), custom.ports);
    fill(part(row, "source"), chosen(peer).source);
  };

  document.addEventListener("change", (event) => {
    const row = event.target.closest?.(".rule-row");
    if (row && event.target.matches("[data-rule-type], [data-rule-part=peer]")) apply(row);
  });

  const lockAll = () => document.querySelectorAll(".rule-row").forEach(apply);
  document.addEventListener("DOMContentLoaded", lockAll);
  if (document.readyState !== "loading") lockAll();
  // A row that was just added starts as its two choices say.
  document.addEventListener("click", (event) => {
    const list = event.target.closest?.("[data-repeat-add]")?.closest("[data-repeat]");
    if (list) setTimeout(() => list.querySelectorAll(".rule-row").forEach(apply));
  });
})();
