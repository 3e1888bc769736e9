"""Where the pages of this office are."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from macle.node.traders import pages

app_name = "traders"
urlpatterns: list[URLPattern | URLResolver] = [
    path("traders", pages.register_of_traders, name="register-of-traders"),
    path("traders/register", pages.register, name="register"),
    path("traders/own", pages.own, name="own"),
    path("traders/own/book", pages.own_book, name="own-book"),
    path("traders/messages", pages.messages, name="messages"),
    path("traders/<str:reference>", pages.trader, name="trader"),
    path("traders/<str:reference>/change", pages.change, name="change"),
    path("traders/<str:reference>/suspend", pages.suspend, name="suspend"),
    path("traders/<str:reference>/lift", pages.lift, name="lift"),
    path("traders/<str:reference>/licences/grant", pages.grant_licence, name="grant-licence"),
    path("traders/<str:reference>/licences/<int:key>/end", pages.end_licence, name="end-licence"),
    path("traders/<str:reference>/contacts/authorise", pages.authorise_contact, name="authorise-contact"),
    path("traders/<str:reference>/contacts/<int:key>/end", pages.end_contact, name="end-contact"),
    path("traders/<str:reference>/addresses/add", pages.add_known_party, name="add-known-party"),
    path("traders/<str:reference>/addresses/<int:key>/change", pages.change_known_party, name="change-known-party"),
    path("traders/<str:reference>/addresses/<int:key>/remove", pages.remove_known_party, name="remove-known-party"),
    path("traders/<str:reference>/stock", pages.declare_stock, name="declare-stock"),
    path("traders/<str:reference>/book", pages.book, name="book"),
    path("traders/<str:reference>/book/enter", pages.enter, name="enter"),
    path("traders/<str:reference>/book/correct", pages.correct, name="correct"),
    path("traders/<str:reference>/book/sell", pages.sell, name="sell"),
    path("traders/<str:reference>/book/mix", pages.mix, name="mix"),
    path("traders/<str:reference>/messages/<int:key>", pages.message, name="message"),
]
