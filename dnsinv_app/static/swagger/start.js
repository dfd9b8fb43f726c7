// Shows /api/openapi.json. What is tried out is sent with the session of this browser, so writes
// carry the session's CSRF token, asked for once.
"use strict";

const WRITES = ["POST", "PUT", "PATCH", "DELETE"];
let csrf;

async function csrfToken() {
  const reply = await fetch("me", { credentials: "same-origin" });
  return reply.ok ? (await reply.json()).csrf_token : null;
}

async function withToken(request) {
  const method = (request.method || "GET").toUpperCase();
  if (WRITES.includes(method) && !("Authorization" in request.headers)) {
    csrf ??= csrfToken();
    const token = await csrf;
    if (token) request.headers["X-CSRF-Token"] = token;
  }
  return request;
}

SwaggerUIBundle({
  dom_id: "#swagger-ui",
  url: "openapi.json",
  deepLinking: true,
  validatorUrl: null,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  docExpansion: "list",
  filter: true,
  requestInterceptor: withToken,
});
