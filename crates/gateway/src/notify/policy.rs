//! Where notifications may go: https to the public internet, and what the operator allows besides.
//!
//! A URL is checked when it is used, its host's addresses after every look-up, and the connection goes
//! to an address that passed. A merchant chooses the URL, so nothing about it is believed.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use super::addresses::is_public;
use crate::config;

/// No URL of a merchant needs to be longer.
const LONGEST_URL: usize = 2_048;
/// Hosts whose last addresses are remembered for the record of attempts.
const HOSTS_REMEMBERED: usize = 10_000;

/// What the operator allows.
#[derive(Debug, Default)]
pub struct Policy {
    hosts: Vec<String>,
    networks: Vec<IpNet>,
    loopback: bool,
}

/// With or without TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// https.
    Secure,
    /// http, which only goes where the operator allows it.
    Plain,
}

/// A URL that may be tried; its host's addresses are yet to be looked up.
#[derive(Clone, Debug)]
pub struct Target {
    /// The URL.
    pub url: Url,
    /// Its transport.
    pub transport: Transport,
    /// What the signature covers of it: path and query as they stand in the request.
    pub path_and_query: String,
}

/// Why a URL or an address is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// Not something that can be posted to.
    #[error("the URL is not http or https with a host, of at most 2048 characters")]
    NotWeb,
    /// A user name or a password in it.
    #[error("the URL carries a user name or a password")]
    Userinfo,
    /// http where https is needed.
    #[error("the URL must be https")]
    NotSecure,
    /// The host is, or stands for, an address that is neither public nor allowed.
    #[error("{0} is not a public address and not an allowed one")]
    Address(IpAddr),
    /// The host stands for no address.
    #[error("the host has no address")]
    NoAddress,
}

impl Policy {
    /// What the configuration allows; in a sandbox also loopback. Networks that cannot be read are left
    /// out, see [`Policy::network`].
    #[must_use]
    pub fn new(notifications: &config::Notifications, sandbox: bool) -> Self {
        let networks = notifications.allowed_networks.iter();
        Self {
            hosts: notifications
                .allowed_hosts
                .iter()
                .map(|host| plain_host(host))
                .collect(),
            networks: networks.filter_map(|text| Self::network(text)).collect(),
            loopback: sandbox,
        }
    }

    /// A network such as `10.0.0.0/8`, or a single address.
    #[must_use]
    pub fn network(text: &str) -> Option<IpNet> {
        let text = text.trim();
        text.parse::<IpNet>()
            .ok()
            .or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
    }

    /// Checks everything about a URL that can be checked without a look-up.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn check(&self, text: &str) -> Result<Target, Forbidden> {
        let mut url = Url::parse(text).map_err(|_| Forbidden::NotWeb)?;
        let transport = match url.scheme() {
            "https" => Transport::Secure,
            "http" => Transport::Plain,
            _ => return Err(Forbidden::NotWeb),
        };
        if text.len() > LONGEST_URL {
            return Err(Forbidden::NotWeb);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Forbidden::Userinfo);
        }
        match url.host().ok_or(Forbidden::NotWeb)? {
            Host::Ipv4(address) => {
                self.check_address(transport, &address.to_string(), address.into())?
            }
            Host::Ipv6(address) => {
                self.check_address(transport, &address.to_string(), address.into())?
            }
            Host::Domain(name) => {
                let may_be_plain =
                    self.loopback || !self.networks.is_empty() || self.allows_host(name);
                if transport == Transport::Plain && !may_be_plain {
                    return Err(Forbidden::NotSecure);
                }
            }
        }
        url.set_fragment(None);
        let path_and_query = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        Ok(Target {
            url,
            transport,
            path_and_query,
        })
    }

    /// Checks an address that `host` is or stands for.
    ///
    /// # Errors
    /// Names the address.
    pub fn check_address(
        &self,
        transport: Transport,
        host: &str,
        address: IpAddr,
    ) -> Result<(), Forbidden> {
        let inner = address.to_canonical();
        let allowed = self.allows_host(host)
            || self.networks.iter().any(|network| network.contains(&inner))
            || self.loopback && inner.is_loopback();
        match (transport, is_public(address)) {
            _ if allowed => Ok(()),
            (Transport::Secure, true) => Ok(()),
            (Transport::Plain, true) => Err(Forbidden::NotSecure),
            (_, false) => Err(Forbidden::Address(address)),
        }
    }

    fn allows_host(&self, host: &str) -> bool {
        let host = plain_host(host);
        self.hosts.contains(&host)
    }
}

/// A host for comparing: lower case, without the brackets of IPv6 and the dot of the root.
fn plain_host(host: &str) -> String {
    let host = host.trim().trim_start_matches('[').trim_end_matches(']');
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

/// Looks names up and hands on only the addresses that the policy allows, so that the connection cannot
/// go anywhere else.
#[derive(Debug)]
pub(super) struct CheckedNames {
    policy: Arc<Policy>,
    transport: Transport,
    seen: Arc<Mutex<HashMap<String, String>>>,
}

impl CheckedNames {
    pub fn new(policy: Arc<Policy>, transport: Transport) -> Self {
        Self {
            policy,
            transport,
            seen: Arc::default(),
        }
    }

    /// The addresses that a host stood for when it was last looked up.
    pub fn seen(&self, host: &str) -> Option<String> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(host).cloned()
    }

    fn remember(seen: &Mutex<HashMap<String, String>>, host: &str, found: &[SocketAddr]) {
        let addresses: Vec<_> = found.iter().take(8).map(|at| at.ip().to_string()).collect();
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= HOSTS_REMEMBERED {
            seen.clear();
        }
        seen.insert(host.to_owned(), addresses.join(", "));
    }
}

impl Resolve for CheckedNames {
    fn resolve(&self, name: Name) -> Resolving {
        let (policy, seen, transport) = (
            Arc::clone(&self.policy),
            Arc::clone(&self.seen),
            self.transport,
        );
        Box::pin(async move {
            let host = name.as_str();
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host, 0)).await?.collect();
            Self::remember(&seen, host, &found);
            Ok(allowed(&policy, transport, host, found)?)
        })
    }
}

/// The addresses that may be connected to; when there is none, why the first is not.
fn allowed(
    policy: &Policy,
    transport: Transport,
    host: &str,
    found: Vec<SocketAddr>,
) -> Result<Addrs, Forbidden> {
    let mut why = Forbidden::NoAddress;
    let mut allowed = Vec::with_capacity(found.len());
    for at in found {
        match policy.check_address(transport, host, at.ip()) {
            Ok(()) => allowed.push(at),
            Err(forbidden) if why == Forbidden::NoAddress => why = forbidden,
            Err(_) => {}
        }
    }
    if allowed.is_empty() {
        Err(why)
    } else {
        Ok(Box::new(allowed.into_iter()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(hosts: &[&str], networks: &[&str], sandbox: bool) -> Policy {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        let notifications = config::Notifications {
            allowed_hosts: texts(hosts),
            allowed_networks: texts(networks),
            timeout_ms: None,
        };
        Policy::new(&notifications, sandbox)
    }

    #[test]
    fn without_permission_only_https_to_public_addresses_passes() {
        let policy = policy(&[], &[], false);
        for fine in [
            "https://shop.example/notify",
            "https://shop.example:8443/notify?a=1&b=%20#x",
            "https://8.8.8.8/",
            "https://[2606:4700:4700::1111]/n",
            "HTTPS://SHOP.EXAMPLE/n",
        ] {
            assert!(policy.check(fine).is_ok(), "{fine}");
        }
        for wrong in [
            "",
            "/notify",
            "ftp://shop.example/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "http://shop.example/n",
            "http://8.8.8.8/",
            "https://user@shop.example/",
            "https://user:pass@shop.example/",
            "https://8.8.8.8@127.0.0.1/",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0x7f.0.0.1/",
            "https://0177.0.0.1/",
            "https://127.0.0.1./",
            "https://%31%32%37.0.0.1/",
            "https://１２７.0.0.1/",
            "https://127。0。0。1/",
            "https://0/",
            "https://169.254.169.254/latest/meta-data/",
            "https://[::1]/",
            "https://[::]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:a9fe:a9fe]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[2002:7f00:1::]/",
            "https://[fd00:ec2::254]/",
            "https://[fe80::1]/",
            "https://10.0.0.1:8443/",
            "https://100.64.0.1/",
        ] {
            assert!(policy.check(wrong).is_err(), "{wrong}");
        }
        assert_eq!(
            policy
                .check(&format!("https://a/{}", "x".repeat(2_048)))
                .err(),
            Some(Forbidden::NotWeb)
        );
    }

    #[test]
    fn the_signed_path_is_what_the_request_line_says() {
        let policy = policy(&[], &[], false);
        for (url, path) in [
            ("https://shop.example", "/"),
            ("https://shop.example?x=1", "/?x=1"),
            (
                "https://shop.example/a/../b/é?q=ü&z=%2F#end",
                "/b/%C3%A9?q=%C3%BC&z=%2F",
            ),
        ] {
            assert_eq!(policy.check(url).unwrap().path_and_query, path, "{url}");
        }
    }

    #[test]
    fn the_operator_may_allow_hosts_and_networks_and_a_sandbox_its_own_machine() {
        let named = policy(&["Intern.Example."], &[], false);
        assert!(named.check("http://intern.example/n").is_ok());
        assert!(named.check("http://other.example/n").is_err());
        assert!(
            named
                .check_address(
                    Transport::Plain,
                    "INTERN.example.",
                    "10.1.2.3".parse().unwrap()
                )
                .is_ok()
        );

        let network = policy(
            &[],
            &["10.0.0.0/8", "fd00::/8", "192.168.1.7", "nonsense"],
            false,
        );
        assert!(network.check("http://10.1.2.3/n").is_ok());
        assert!(network.check("https://[::ffff:10.1.2.3]/n").is_ok());
        assert!(network.check("https://[fd00::1]/n").is_ok());
        assert!(network.check("http://192.168.1.7/n").is_ok());
        assert!(network.check("http://192.168.1.8/n").is_err());
        assert!(network.check("http://127.0.0.1/n").is_err());
        assert_eq!(
            network.check("http://8.8.8.8/n").err(),
            Some(Forbidden::NotSecure)
        );

        let sandbox = policy(&[], &[], true);
        assert!(sandbox.check("http://127.0.0.1:9/n").is_ok());
        assert!(sandbox.check("http://[::1]:9/n").is_ok());
        assert!(sandbox.check("http://10.0.0.1/n").is_err());
    }

    #[test]
    fn of_a_hosts_addresses_only_the_allowed_ones_are_connected_to() {
        let policy = policy(&[], &[], false);
        let found = |texts: &[&str]| -> Vec<SocketAddr> {
            texts
                .iter()
                .map(|text| SocketAddr::new(text.parse().unwrap(), 0))
                .collect()
        };
        let addresses = found(&["10.0.0.1", "8.8.8.8", "::1"]);
        let left: Vec<_> = allowed(&policy, Transport::Secure, "h", addresses)
            .unwrap()
            .collect();
        assert_eq!(left, found(&["8.8.8.8"]));
        let refused = allowed(&policy, Transport::Secure, "h", found(&["10.0.0.1", "::1"])).err();
        assert_eq!(
            refused,
            Some(Forbidden::Address("10.0.0.1".parse().unwrap()))
        );
        assert_eq!(
            allowed(&policy, Transport::Plain, "h", found(&["8.8.8.8"])).err(),
            Some(Forbidden::NotSecure)
        );
        assert_eq!(
            allowed(&policy, Transport::Secure, "h", Vec::new()).err(),
            Some(Forbidden::NoAddress)
        );
    }

    #[tokio::test]
    async fn a_name_that_stands_for_this_machine_is_refused_after_the_look_up() {
        let names = CheckedNames::new(Arc::new(policy(&[], &[], false)), Transport::Secure);
        let error = names
            .resolve("localhost".parse().unwrap())
            .await
            .err()
            .unwrap();
        assert!(
            matches!(error.downcast_ref(), Some(Forbidden::Address(_))),
            "{error}"
        );
        assert!(names.seen("localhost").unwrap().contains('1'));
    }
}
