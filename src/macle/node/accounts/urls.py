"""Where the pages of this office are: our own, and those of allauth that we mean; no others of it exist here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account import views as account
from allauth.mfa.base import views as factors
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from allauth.socialaccount.providers.openid_connect import views as ministry
from django.conf import settings
from django.urls import include, path

from macle.node.accounts import pages

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

ours: list[URLPattern | URLResolver] = [
    path("sign-in", account.login, name="sign-in"),
    path("sign-out", account.logout, name="sign-out"),
    path("account", pages.account, name="account"),
    path("account/sign-out-everywhere", pages.sign_out_everywhere, name="sign-out-everywhere"),
    path("account/second-factor", pages.second_factor, name="second-factor"),
    path("account/tokens/new", pages.make_token, name="make-token"),
    path("account/tokens/<int:pk>/revoke", pages.revoke_token, name="revoke-token"),
    path("account/views", pages.save_filter, name="save-filter"),
    path("users", pages.users, name="users"),
    path("users/new", pages.create, name="create"),
    path("users/<slug:identifier>", pages.user, name="user"),
    path("users/<slug:identifier>/grant", pages.grant, name="grant"),
    path("users/<slug:identifier>/grants/<int:pk>/end", pages.end_grant, name="end-grant"),
    path("users/<slug:identifier>/deputise", pages.deputise, name="deputise"),
    path("users/<slug:identifier>/deputyships/<int:pk>/end", pages.end_deputyship, name="end-deputyship"),
    path("users/<slug:identifier>/reset", pages.reset, name="reset"),
    path("users/<slug:identifier>/close", pages.close, name="close"),
]
"""In the namespace ``accounts``."""

theirs: list[URLPattern | URLResolver] = [
    path("sign-in", account.login, name="account_login"),
    path("sign-out", account.logout, name="account_logout"),
    path("sign-in/closed", account.account_inactive, name="account_inactive"),
    path("sign-in/code", factors.authenticate, name="mfa_authenticate"),
    path("sign-in/passkey", passkeys.login_webauthn, name="mfa_login_webauthn"),
    path("account/again", account.reauthenticate, name="account_reauthenticate"),
    path("account/again/code", factors.reauthenticate, name="mfa_reauthenticate"),
    path("account/again/passkey", passkeys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("account/password", account.password_change, name="account_change_password"),
    path("account/factors", factors.index, name="mfa_index"),
    path("account/factors/app", totp.activate_totp, name="mfa_activate_totp"),
    path("account/factors/app/remove", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("account/factors/recovery", recovery.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("account/factors/recovery/new", recovery.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("account/factors/recovery/file", recovery.download_recovery_codes, name="mfa_download_recovery_codes"),
    path("account/factors/passkeys", passkeys.list_webauthn, name="mfa_list_webauthn"),
    path("account/factors/passkeys/add", passkeys.add_webauthn, name="mfa_add_webauthn"),
    path("account/factors/passkeys/<int:pk>/remove", pages.RemovePasskey.as_view(), name="mfa_remove_webauthn"),
    path("account/factors/passkeys/<int:pk>/edit", passkeys.edit_webauthn, name="mfa_edit_webauthn"),
]
if settings.CONFIGURATION.oidc_server_url:
    theirs += [
        path("sign-in/ministry/<slug:provider_id>", ministry.login, name="openid_connect_login"),
        path("sign-in/ministry/<slug:provider_id>/callback", ministry.callback, name="openid_connect_callback"),
    ]

urlpatterns: list[URLPattern | URLResolver] = [path("", include((ours, "accounts"))), *theirs]
