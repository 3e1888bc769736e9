"""Django's settings, made from the node's configuration; nothing else is configured here."""

from __future__ import annotations

import os
from pathlib import Path

from macle.node import configuration

CONFIGURATION = configuration.read(os.environ)

SECRET_KEY = CONFIGURATION.secret_key()
DEBUG = False
ALLOWED_HOSTS = list(CONFIGURATION.hosts)
ROOT_URLCONF = "macle.node.urls"
WSGI_APPLICATION = "macle.node.wsgi.application"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "macle.node.desk",
    "macle.node.audit",
    "macle.node.accounts",
    "macle.node.interface",
    "macle.node.registry",
    "macle.node.traders",
    "macle.node.exchange",
    "macle.node.exporting",
    "macle.node.importing",
    # After ours, whose templates come first.
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]
MIDDLEWARE = [
    "macle.node.desk.middleware.Access",
    "macle.node.interface.middleware.Machines",
    "macle.node.desk.middleware.Turns",
    "macle.node.desk.middleware.Protect",
    "django.middleware.security.SecurityMiddleware",
    "macle.node.desk.middleware.Compress",
    "macle.node.desk.static.Serve",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "macle.node.accounts.middleware.Actors",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "macle.node.desk.context.frame",
            ],
        },
    },
]
STATIC_URL = "/static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "macle.node.desk.static.Shelf"},
}

DATABASES = {"default": CONFIGURATION.database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", "English"),
    ("fr", "French"),
    ("pt", "Portuguese"),
    ("ar", "Arabic"),
    ("ru", "Russian"),
    ("zh-hans", "Simplified Chinese"),
]
LANGUAGE_COOKIE_NAME = "macle_language"
LANGUAGE_COOKIE_SECURE = CONFIGURATION.https
LOCALE_PATHS = [Path(__file__).parent / "locale"]

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if CONFIGURATION.https else 0
# Nothing else lies under the name of a node: it has a name of its own.
SECURE_HSTS_INCLUDE_SUBDOMAINS = CONFIGURATION.https
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = CONFIGURATION.https
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "macle.node.desk.pages.form_expired"

FILE_UPLOAD_HANDLERS = [
    "macle.node.audit.uploads.Bounded",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
# Accounts: who signs in, and how. What allauth would count in memory of each process we count in the database.
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "accounts:sign-in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "accounts:sign-in"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["login", "name", "email"]},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
SESSION_ENGINE = "macle.node.accounts.sessions"
SESSION_COOKIE_AGE = CONFIGURATION.session_hours * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "__Host-session" if CONFIGURATION.https else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if CONFIGURATION.https else "csrf"
ACCOUNT_ADAPTER = "macle.node.accounts.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "login"
ACCOUNT_USER_DISPLAY = "macle.node.accounts.models.shown"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_RATE_LIMITS = False
ACCOUNT_FORMS = {
    "login": "macle.node.accounts.forms.SignInForm",
    "change_password": "macle.node.accounts.forms.ChangePasswordForm",
    "reauthenticate": "macle.node.accounts.forms.PasswordAgainForm",
}
MFA_ADAPTER = "macle.node.accounts.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_RATE_LIMITS = False
MFA_FORMS = {
    "authenticate": "macle.node.accounts.forms.CodeForm",
    "reauthenticate": "macle.node.accounts.forms.CodeAgainForm",
    "activate_totp": "macle.node.accounts.forms.ActivateForm",
    "deactivate_totp": "macle.node.accounts.forms.DeactivateForm",
    "generate_recovery_codes": "macle.node.accounts.forms.GenerateForm",
    "add_webauthn": "macle.node.accounts.forms.AddPasskeyForm",
    "edit_webauthn": "macle.node.accounts.forms.RenamePasskeyForm",
}
SOCIALACCOUNT_ADAPTER = "macle.node.accounts.adapters.MinistryAdapter"
SOCIALACCOUNT_AUTO_SIGNUP = False
# A form that is sent to another site would need a hole in the content security policy; the state keeps it safe.
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "ministry",
                "name": CONFIGURATION.oidc_name,
                "client_id": CONFIGURATION.oidc_client_id,
                "secret": CONFIGURATION.oidc_client_secret(),
                "settings": {"server_url": CONFIGURATION.oidc_server_url, "token_auth_method": "client_secret_basic"},
            }
        ]
        if CONFIGURATION.oidc_server_url
        else [],
    }
}

LOGGING_CONFIG = "macle.node.logs.configure"
# Django does not call what configures the logs with nothing.
LOGGING: dict[str, object] = {"version": 1}
