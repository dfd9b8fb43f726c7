"""The sandbox's credentials, in clear on purpose: they open nothing but the sandbox."""

GODADDY_KEY = "sandbox-key"
GODADDY_SECRET = "sandbox-secret"  # noqa: S105
GODADDY_TOKEN = "sandbox-token"  # noqa: S105
CLOUDFLARE_TOKEN = "sandbox-cloudflare-token"  # noqa: S105

# Owned by an account, not by a user: it reads everything, but /user/tokens/verify refuses it.
CLOUDFLARE_ACCOUNT_TOKEN = "sandbox-cloudflare-account-token"  # noqa: S105
CLOUDFLARE_ACCOUNT_ID = "5a4db0c5a4db0c5a4db0c5a4db0c5a4d"

# The transfer secret that GoDaddy v1 puts into every domain: nothing may ever keep it.
AUTH_CODE = "sandbox-transfer-secret-never-to-be-stored"
