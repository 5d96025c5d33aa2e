"""An address that is no agent's, in the form in which the client and the adapters know addresses."""

from gateway.core.ports import Interface, Route


def bare(
    name: str,
    url: str = "",
    *,
    zone: str = "",
    floor: tuple[str, ...] = (),
    ca: str | None = None,
    client_certificate: str | None = None,
    client_key: str | None = None,
    pin: tuple[str, ...] = (),
    addresses: tuple[str, ...] = (),
    connect_timeout_s: float = 5.0,
    timeout_s: float = 15.0,
    idle_s: float | None = None,
    max_connections: int = 1,
    interface: Interface | None = None,
) -> Route:
    """A route without protocol, capabilities or credential. `timeout_s` bounds the whole, and each wait for an answer
    where `idle_s` does not;
    `addresses` are the networks that the address must be in, where there are any (`Route.addresses`)."""
    return Route(
        id=name,
        protocol="http",
        url=url.rstrip("/"),
        zone=zone,
        region=None,
        processor=None,
        capabilities=(),
        model=None,
        version=None,
        floor=floor,
        routes=(),
        credential=None,
        ca=ca,
        client_certificate=client_certificate,
        client_key=client_key,
        connect_timeout_s=connect_timeout_s,
        first_byte_timeout_s=timeout_s if idle_s is None else idle_s,
        idle_timeout_s=timeout_s if idle_s is None else idle_s,
        timeout_s=timeout_s,
        pin=pin,
        addresses=addresses,
        max_connections=max_connections,
        interface=Interface() if interface is None else interface,
    )
