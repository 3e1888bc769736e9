// Comfort only: in a stack of slips, Enter goes to the next field instead of sending the form.
"use strict";

document.addEventListener("keydown", (event) => {
  const table = event.target.closest?.("table[data-keys]");
  if (event.key !== "Enter" || !table || event.target.tagName === "BUTTON") return;
  event.preventDefault();
  const fields = [...table.querySelectorAll("input:not([type=hidden]), select")];
  const next = fields[fields.indexOf(event.target) + 1];
  if (next) next.focus();
  else table.closest("form")?.querySelector("button[value=check]")?.focus();
});
