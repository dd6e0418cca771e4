//! As much DER as keys need: reading one element after another, and telling what a key's bytes are.

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OBJECT: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;

/// rsaEncryption, 1.2.840.113549.1.1.1.
const RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";

/// Elements, one after another.
#[derive(Clone, Copy)]
pub(crate) struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// Over these bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The tag of the next element.
    pub fn tag(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The contents of the next element, if it has this tag.
    pub fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (&first, rest) = self.0.strip_prefix(&[tag])?.split_first()?;
        let (length, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = digits.iter().try_fold(0_usize, |length, &byte| {
                length.checked_mul(256)?.checked_add(usize::from(byte))
            })?;
            (length, rest)
        };
        let (contents, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(contents)
    }

    /// The elements inside the next one, a sequence.
    pub fn sequence(&mut self) -> Option<Self> {
        self.take(SEQUENCE).map(Self)
    }

    /// The next element, a small number.
    pub fn number(&mut self) -> Option<u32> {
        let digits = self.take(INTEGER)?;
        digits.iter().try_fold(0_u32, |number, &byte| {
            number.checked_mul(256)?.checked_add(u32::from(byte))
        })
    }
}

/// What a key's bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Pkcs1Private,
    Pkcs8Rsa,
    Pkcs8Other,
    Pkcs8Encrypted,
    Sec1Private,
    Public,
    Certificate,
    Unknown,
}

impl Form {
    /// Judged by the outline: which elements there are.
    pub fn of(bytes: &[u8]) -> Self {
        Self::outline(bytes).unwrap_or(Self::Unknown)
    }

    fn outline(bytes: &[u8]) -> Option<Self> {
        let mut key = Der::new(bytes).sequence()?;
        if key.tag()? == SEQUENCE {
            key.sequence()?;
            return Some(match key.tag()? {
                BIT_STRING => Self::Public,
                OCTET_STRING => Self::Pkcs8Encrypted,
                SEQUENCE => Self::Certificate,
                _ => Self::Unknown,
            });
        }
        key.take(INTEGER)?;
        Some(match key.tag()? {
            OCTET_STRING => Self::Sec1Private,
            SEQUENCE if key.sequence()?.take(OBJECT)? == RSA => Self::Pkcs8Rsa,
            SEQUENCE => Self::Pkcs8Other,
            INTEGER => {
                key.take(INTEGER)?;
                match key.tag() {
                    Some(_) => Self::Pkcs1Private,
                    None => Self::Public,
                }
            }
            _ => Self::Unknown,
        })
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Pkcs1Private => {
                "an RSA private key in PKCS#1 that is damaged or not of 2048 to 4096 bits"
            }
            Self::Pkcs8Rsa => {
                "an RSA private key in PKCS#8 that is damaged or not of 2048 to 4096 bits"
            }
            Self::Pkcs8Other => "a private key in PKCS#8 of another kind than RSA",
            Self::Pkcs8Encrypted => "a private key in PKCS#8 encrypted with a passphrase",
            Self::Sec1Private => "an elliptic-curve private key",
            Self::Public => "a public key, perhaps of another kind than RSA",
            Self::Certificate => "a certificate",
            Self::Unknown => "bytes that are no key",
        }
    }
}
