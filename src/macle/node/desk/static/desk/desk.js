// Comfort only: every page works without this.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  // Whoever sent a form that was stopped begins at the list of what stops it.
  document.querySelector(".errors[tabindex]")?.focus();
  // Where the entries of the desk are one line that moves aside, the page that is open is in sight.
  const here = document.querySelector(".nav [aria-current]");
  const bar = here?.closest("ul");
  if (bar) bar.scrollLeft = here.offsetLeft - (bar.clientWidth - here.offsetWidth) / 2;
  // On a telephone a list comes before what it can be narrowed by, unless it was narrowed.
  if (matchMedia("(max-width: 40rem)").matches) document.querySelector(".narrow[open]:not([data-narrowed])")?.removeAttribute("open");
});

// A form that is on its way is not sent a second time by an impatient hand.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});

// Going back shows the page as it was left, with its buttons alive.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
});
