/* A passkey that does not answer is said on the page; where the browser has none, its button is not offered. */
(function () {
  'use strict'
  document.addEventListener('allauth.error', function (event) {
    event.preventDefault()
    document.querySelectorAll('[data-passkey-said]').forEach(function (said) { said.hidden = false })
  })
  document.addEventListener('DOMContentLoaded', function () {
    if (window.PublicKeyCredential) return
    document.querySelectorAll('[data-passkey]').forEach(function (button) { button.disabled = true })
  })
})()
