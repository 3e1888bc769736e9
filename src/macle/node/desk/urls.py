"""Where the pages of this office are."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from macle.node.desk import views

app_name = "desk"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("find", views.find, name="find"),
    path("appearance", views.appearance, name="appearance"),
    path("choose", views.choose, name="choose"),
    path("participant-<slug:digest>.css", views.participant, name="participant"),
]
