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
    "macle.node.registry",
    "macle.node.traders",
    "macle.node.exchange",
    "macle.node.exporting",
]
MIDDLEWARE = [
    "macle.node.desk.middleware.Access",
    "macle.node.desk.middleware.Protect",
    "django.middleware.security.SecurityMiddleware",
    "macle.node.desk.static.Serve",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
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
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = CONFIGURATION.https
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "macle.node.desk.pages.form_expired"

LOGGING_CONFIG = "macle.node.logs.configure"
# Django does not call what configures the logs with nothing.
LOGGING: dict[str, object] = {"version": 1}
