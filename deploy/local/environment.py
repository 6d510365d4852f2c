"""What each service is told: `.run/env/<service>.env`, KEY=value lines."""

from deploy.local.checkout import ENV, SERVICES, TOKENS, secret, write_private

_COMMENT = "# Written anew by every `make up` (deploy/local/environment.py); holds passwords.\n"
_AT_ONCE = "# Of the local demo platform: an audit confirms itself at once, not after 5 working days.\n"
# Tokens are made by `kedja token`, with the private key that lies beside this public one.
_TOKENS = {
    "TOKEN_ISSUER": "http://kedja.localhost/development",
    "TOKEN_AUDIENCE": "kedja",
    "TOKEN_PUBLIC_KEY_FILE": str(TOKENS / "public.pem"),
}


def write(urls: dict[str, dict[str, str]], ports: dict[str, int]) -> None:
    """Write all services' files. `urls` is what `provision` answers."""
    for service in SERVICES:
        values = {
            **urls[service],
            "HTTP_ADDRESS": f"127.0.0.1:{ports[service]}",
            "OPS_ADDRESS": f"127.0.0.1:{ports[f'{service}_ops']}",
            **_TOKENS,
            **_own(service, ports),
        }
        comment = _COMMENT + (_AT_ONCE if service == "audits" else "")
        write_private(
            ENV / f"{service}.env", comment + "".join(f"{key}={value}\n" for key, value in values.items())
        )


def _own(service: str, ports: dict[str, int]) -> dict[str, str]:
    """Settings that only this service has."""
    if service == "assessments":
        return {"LINK_KEY": secret("link_key")}
    if service == "audits":
        return {"AUTO_CONFIRM_WORKING_DAYS": "0"}
    if service == "notifications":
        return {
            "LINK_KEY": secret("link_key"),  # the same: notifications makes the codes that assessments checks
            "RESPONDENT_URL": f"http://127.0.0.1:{ports['assessments']}",
            "SMTP_URL": f"smtp://127.0.0.1:{ports['smtp']}",
            "MAIL_FROM": "kedja@kansliet.example",
        }
    return {}
