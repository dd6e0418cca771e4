//! Which addresses belong to the public internet. Pure: no look-up, no configuration.
//!
//! A merchant's URL must never reach the operator's own network, so an address is public only when
//! nothing speaks against it. Forms that carry another address inside (IPv4-mapped, NAT64, 6to4,
//! Teredo, ISATAP) are refused whatever they carry: no merchant needs them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether `address` is a unicast address of the public internet.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, d] = address.octets();
    let refused = match (a, b, c) {
        // This network, private, loopback.
        (0 | 10 | 127, _, _) => true,
        // Shared between a provider and its customers (CGNAT).
        (100, 64..=127, _) => true,
        // Link-local, with the metadata services of most clouds.
        (169, 254, _) => true,
        (172, 16..=31, _) => true,
        // Protocol assignments, with one cloud's metadata service.
        (192, 0, 0) => true,
        // Documentation.
        (192, 0, 2) | (198, 51, 100) | (203, 0, 113) => true,
        // Relays of 6to4, long withdrawn.
        (192, 88, 99) => true,
        (192, 168, _) => true,
        // Benchmarks.
        (198, 18..=19, _) => true,
        // One cloud's platform service, which only its own machines can reach.
        (168, 63, 129) => d == 16,
        // Multicast, reserved, broadcast.
        (224..=255, _, _) => true,
        _ => false,
    };
    !refused
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, _, e, f, _, _] = address.segments();
    // Global unicast is 2000::/3. Outside of it lie loopback, unspecified, IPv4-mapped and -compatible,
    // NAT64, unique local, link-local, site-local, multicast, discard, and what may yet be assigned.
    let global = a & 0xe000 == 0x2000;
    let refused = match (a, b) {
        // Protocol assignments: Teredo, benchmarks, ORCHID.
        (0x2001, 0x0000..=0x01ff) => true,
        // Documentation.
        (0x2001, 0x0db8) => true,
        (0x3fff, 0x0000..=0x0fff) => true,
        // 6to4: an IPv4 address follows.
        (0x2002, _) => true,
        // The 6bone, given back.
        (0x3ffe, _) => true,
        // A direct-delegation anycast of AS112 has no web servers.
        (0x2620, 0x004f) => c == 0x8000,
        _ => false,
    };
    // ISATAP: an IPv4 address stands in the interface's half.
    let isatap = matches!((e, f), (0x0000 | 0x0200, 0x5efe));
    global && !refused && !isatap
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_public_internet_are_public() {
        let table = [
            ("0.0.0.0", false),
            ("0.1.2.3", false),
            ("1.1.1.1", true),
            ("8.8.8.8", true),
            ("9.255.255.255", true),
            ("10.0.0.0", false),
            ("10.255.255.255", false),
            ("11.0.0.0", true),
            ("100.63.255.255", true),
            ("100.64.0.0", false),
            ("100.100.100.200", false),
            ("100.127.255.255", false),
            ("100.128.0.0", true),
            ("103.10.128.1", true),
            ("126.255.255.255", true),
            ("127.0.0.1", false),
            ("127.255.255.254", false),
            ("128.0.0.1", true),
            ("168.63.129.15", true),
            ("168.63.129.16", false),
            ("169.253.255.255", true),
            ("169.254.0.1", false),
            ("169.254.169.254", false),
            ("169.254.170.2", false),
            ("169.255.0.1", true),
            ("172.15.255.255", true),
            ("172.16.0.1", false),
            ("172.31.255.255", false),
            ("172.32.0.1", true),
            ("192.0.0.1", false),
            ("192.0.0.192", false),
            ("192.0.1.1", true),
            ("192.0.2.1", false),
            ("192.88.99.1", false),
            ("192.168.0.1", false),
            ("192.168.255.255", false),
            ("192.169.0.1", true),
            ("198.17.255.255", true),
            ("198.18.0.1", false),
            ("198.19.255.255", false),
            ("198.20.0.1", true),
            ("198.51.100.7", false),
            ("203.0.113.10", false),
            ("203.0.114.1", true),
            ("223.255.255.255", true),
            ("224.0.0.1", false),
            ("239.255.255.250", false),
            ("240.0.0.1", false),
            ("255.255.255.255", false),
            ("::", false),
            ("::1", false),
            ("::7f00:1", false),
            ("::8.8.8.8", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:8.8.8.8", false),
            ("::ffff:0:8.8.8.8", false),
            ("64:ff9b::8.8.8.8", false),
            ("64:ff9b::10.0.0.1", false),
            ("64:ff9b:1::a00:1", false),
            ("100::1", false),
            ("1fff::1", false),
            ("2000::1", true),
            ("2001::1", false),
            ("2001:0:4136:e378:8000:63bf:3fff:fdd2", false),
            ("2001:2::1", false),
            ("2001:10::1", false),
            ("2001:20::1", false),
            ("2001:1ff:ffff::1", false),
            ("2001:200::1", true),
            ("2001:db8::1", false),
            ("2001:4860:4860::8888", true),
            ("2002:7f00:1::1", false),
            ("2002:a00:1::1", false),
            ("2002:808:808::1", false),
            ("2400:cb00::1", true),
            ("2606:4700:4700::1111", true),
            ("2606:4700::5efe:a00:1", false),
            ("2606:4700::200:5efe:a00:1", false),
            ("2620:4f:8000::1", false),
            ("2a00:1450:4001:80b::200e", true),
            ("3ffe::1", false),
            ("3fff:fff::1", false),
            ("3fff:1000::1", true),
            ("4000::1", false),
            ("5f00::1", false),
            ("fc00::1", false),
            ("fd00:ec2::254", false),
            ("fd12:3456:789a::1", false),
            ("fe80::1", false),
            ("fe80::a9fe:a9fe", false),
            ("fec0::1", false),
            ("ff02::1", false),
            ("ff0e::1", false),
            ("ffff::1", false),
        ];
        for (text, public) in table {
            assert_eq!(is_public(text.parse().unwrap()), public, "{text}");
        }
    }
}
