"""The only place that knows both doors."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path

from prm.config import health


def closed(request: HttpRequest) -> HttpResponse:
    raise Http404


urlpatterns: list[URLPattern | URLResolver] = [
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    # allauth has pages for signing up and for changing one's address; both would go past the invitation.
    path("account/signup/", closed),
    path("account/email/", closed),
    path("account/", include("allauth.urls")),
    path("api/v1/", include("api.urls")),
]
if settings.ADMIN_ENABLED:
    from prm.config.admin import site

    urlpatterns.append(path("admin/", site.urls))
urlpatterns.append(path("", include("frontend.urls")))

handler400 = "prm.config.errors.bad_request"
handler403 = "prm.config.errors.forbidden"
handler404 = "prm.config.errors.not_found"
handler500 = "prm.config.errors.server_error"
