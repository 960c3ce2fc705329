"""A quote on paper, and the page where its customer decides."""

from __future__ import annotations

from django.urls import path

from frontend.views_jobs import quote_papers

urlpatterns = [
    path("quotes/<uuid:pk>/pdf/", quote_papers.quote_pdf, name="quote-pdf"),
    path("quote/<str:token>/", quote_papers.quote_link, name="quote-link"),
    path("quote/<str:token>/pdf/", quote_papers.quote_link_pdf, name="quote-link-pdf"),
]
