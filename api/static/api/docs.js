const reference = document.getElementById("reference");

SwaggerUIBundle({
  domNode: reference,
  url: reference.dataset.schema,
  deepLinking: true,
  docExpansion: "none",
  defaultModelsExpandDepth: 0,
  syntaxHighlight: false,
  // Who is signed in to the pages may try things out; a write then needs the token of the session.
  requestInterceptor(request) {
    const here = new URL(request.url, location.href).origin === location.origin;
    if (here && !["GET", "HEAD", "OPTIONS"].includes((request.method || "GET").toUpperCase())) {
      request.headers["X-CSRFToken"] = reference.dataset.csrf;
    }
    return request;
  },
});
