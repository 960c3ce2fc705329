"""Addresses that a fetch must refuse, each a way in that somebody has used."""

from __future__ import annotations

import ipaddress

#: What names resolve to, in the hands of whoever owns them.
NAMES = {
    "loopback.example": ["127.0.0.1"],
    "private.example": ["10.1.2.3"],
    "metadata.example": ["169.254.169.254"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "six.example": ["::1"],
    "unique.example": ["fd00:ec2::254"],
    "translated.example": ["64:ff9b::a9fe:a9fe"],
    "several.example": ["93.184.216.34", "192.168.1.1"],
    "zero.example": ["0.0.0.0"],
    "shared.example": ["100.64.0.1"],
    "cast.example": ["224.0.0.1"],
    "scoped.example": ["fe80::1%eth0"],
    "spoofed.burpcollaborator.example": ["127.0.0.1"],
    "127.0.0.1.nip.example": ["127.0.0.1"],
    "xn--lcalhost-s1a.example": ["127.0.0.1"],
}
_INSIDE = (
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "100.127.255.254"),
    *("127.0.0.1", "127.0.0.53", "127.1.1.1", "127.255.255.255", "169.254.0.1", "169.254.169.254"),
    *("169.254.170.2", "172.16.0.1", "172.17.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1"),
    *("192.88.99.1", "192.168.0.1", "192.168.1.1", "192.168.255.255", "198.18.0.1", "198.19.255.255"),
    *("198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    "168.63.129.16",
)
_SIX = (
    *("::", "::1", "::2", "::127.0.0.1", "::10.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"),
    *("::ffff:169.254.169.254", "::ffff:7f00:1", "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1"),
    *(
        "64:ff9b::169.254.169.254",
        "64:ff9b::8.8.8.8",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:0:4136:e378::1",
    ),
    *("2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:a9fe:a9fe::1"),
    *("2002:0808:0808::1", "3ffe::1", "3fff::1", "5f00::1", "fc00::1", "fd00::1", "fd00:ec2::254", "fe80::1"),
    *("fe80::1%25eth0", "fe80::1%eth0", "fec0::1", "ff02::1", "ff05::2", "4000::1", "::ffff:8.8.8.8", "1::"),
)
_FORMS = (
    # Other spellings of numbers.
    *(
        "2130706433",
        "017700000001",
        "0x7f000001",
        "0x7f.0.0.1",
        "0x7f.1",
        "127.1",
        "127.0.1",
        "0",
        "0.0",
        "0x0",
    ),
    *("0177.0.0.1", "0177.0.0.01", "127.0.0.01", "00000177.0.0.1", "127.000.000.001", "10.1", "192.168.257"),
    *(
        "3232235777",
        "0xa9fea9fe",
        "2852039166",
        "169.254.43518",
        "0xA9.0xFE.0xA9.0xFE",
        "0251.0376.0251.0376",
    ),
    *("4294967296", "127.0.0.1.", "1.1.1.1.1", "256.256.256.256", "-1", "1e3", "127.0.0.0x1", "0x"),
    # The same in letters that look like digits and dots.
    *(
        "①②⑦.⓪.⓪.①",
        "１２７.０.０.１",
        "127。0。0。1",
        "127．0．0．1",
        "127｡0｡0｡1",
        "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
        "ⅼocalhost",
        "ｌｏｃａｌｈｏｓｔ",
    ),
    *("ⓛocalhost.local", "𝟏𝟐𝟕.𝟎.𝟎.𝟏", "１６９.２５４.１６９.２５４", "ⓜetadata.google.internal"),
    # Names of the inside.
    *("localhost", "LOCALHOST", "localhost.", "sub.localhost", "localhost.localdomain.local", "router.lan"),
    *(
        "printer.local",
        "metadata.google.internal",
        "metadata",
        "instance-data",
        "intranet",
        "wiki.corp",
        "nas.home",
    ),
    *(
        "kubernetes.default.svc.cluster.local",
        "1.0.0.127.in-addr.arpa",
        "host.docker.internal",
        "db",
        "redis",
    ),
    *("hidden.onion", "service.private", "portal.test", "a.intranet"),
    # No names at all.
    *(
        "",
        ".",
        "..",
        "a..example",
        "-a.example",
        "a-.example",
        "a_b.example",
        "a b.example",
        "a" * 64 + ".example",
    ),
    *(
        "a." * 130 + "example",
        "exa\tmple.example",
        "example\n.example",
        "exam%70le.example",
        "127.0.0.1%00.example",
    ),
    *(
        "[127.0.0.1]",
        "[localhost]",
        "[]",
        "[::1",
        "::1]",
        "[::1].example",
        "[::ffff:127.0.0.1]x",
        "*.example",
    ),
)
_WHOLE = (
    *("http://user@127.0.0.1/", "http://user:pass@vendor.example/", "http://vendor.example@127.0.0.1/"),
    *("http://127.0.0.1:80@vendor.example/", "http://vendor.example%40127.0.0.1/", "http://@vendor.example/"),
    *("http://127.0.0.1\\@vendor.example/", "http://vendor.example\\.127.0.0.1/", "http:\\\\127.0.0.1\\"),
    *("http:/127.0.0.1/", "http:127.0.0.1", "http:///127.0.0.1/", "//127.0.0.1/", "127.0.0.1", "/etc/passwd"),
    *("http://", "http://?x", "http://#x", "https://:443/", " http://127.0.0.1/", "http://127.0.0.1/ x"),
    *("http://vendor.example/\r\nHost:127.0.0.1", "http://vendor.example/\x00", "ht\ttp://vendor.example/"),
    *("file:///etc/passwd", "FILE:///etc/passwd", "ftp://vendor.example/x", "gopher://127.0.0.1:6379/_x"),
    *("dict://127.0.0.1:11211/", "ldap://127.0.0.1/", "jar:http://vendor.example!/", "data:text/plain,x"),
    *(
        "javascript:alert(1)",
        "netdoc:///etc/passwd",
        "sftp://vendor.example/",
        "tftp://vendor.example/",
        "ws://a.example",
    ),
    *(
        "http+unix://%2Fvar%2Frun%2Fdocker.sock/",
        "unix:///var/run/docker.sock",
        "phar://x.phar",
        "expect://id",
    ),
    *(
        "http://vendor.example:22/",
        "http://vendor.example:25/",
        "http://vendor.example:6379/",
        "http://vendor.example:0/",
    ),
    *("http://vendor.example:8080/", "http://vendor.example:65536/", "http://vendor.example:-80/"),
    *("http://vendor.example:http/", "https://vendor.example:5432/", "http://vendor.example:99999999999/"),
    "http://vendor.example/" + "a" * 2000,
)


def refused() -> list[str]:
    """All of them; none twice."""
    found = [f"http://{address}/" for address in _INSIDE]
    found += [f"https://{address}/latest/meta-data/" for address in _INSIDE[:14]]
    found += [f"http://[{address}]/" for address in _SIX]
    found += [f"http://{host}/" for host in _FORMS]
    found += [f"https://{name}/offer.pdf" for name in NAMES]
    return list(dict.fromkeys([*found, *_WHOLE]))


def resolve(host: str, port: int) -> list[str]:
    """A resolver that falls for every trick: numbers are what they spell, other names are public."""
    if host in NAMES:
        return NAMES[host]
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        return ["93.184.216.34"]
