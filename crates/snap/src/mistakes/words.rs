//! The mistakes that are looked for, and how each is told.

/// A usual mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mistake {
    name: &'static str,
    what: &'static str,
    change: &'static str,
}

impl Mistake {
    /// Its name, for scripts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// What was done, as a clause.
    #[must_use]
    pub const fn what(self) -> &'static str {
        self.what
    }

    /// What to change, as a sentence.
    #[must_use]
    pub const fn change(self) -> &'static str {
        self.change
    }
}

impl std::fmt::Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.what)
    }
}

macro_rules! mistakes {
    ($($constant:ident $name:literal $what:literal $change:literal)*) => {
        impl Mistake {
            $(
                #[doc = $what]
                pub const $constant: Self = Self { name: $name, what: $what, change: $change };
            )*

            /// Every mistake that is looked for.
            #[must_use]
            pub const fn all() -> &'static [Self] {
                &[$(Self::$constant),*]
            }
        }
    };
}

mistakes! {
    HEX "hex"
        "the signature is in hex instead of base64"
        "Encode the bytes of the signature in base64."
    BASE64_OF_HEX "base64-of-hex"
        "the signature is the base64 of its hex text instead of its bytes"
        "Ask the HMAC function for raw bytes (in PHP: hash_hmac(…, true)), then encode them in base64."
    BASE64URL "base64url"
        "the signature is in base64url instead of base64"
        "Use the alphabet with + and / and keep the = at the end."
    BASE64_PADDING "base64-padding"
        "the = at the end of the signature is missing"
        "Keep the padding of the base64."
    BASE64_BROKEN "base64-broken"
        "the base64 of the signature has white space in it"
        "Use an encoder that does not break lines (base64 -w 0)."
    HMAC_SHA256 "hmac-sha256"
        "HMAC-SHA256 was used instead of HMAC-SHA512"
        "Use HMAC-SHA512."
    NOT_HMAC "not-hmac"
        "the secret and the text were hashed one after the other instead of by HMAC"
        "Use HMAC-SHA512 with the secret as its key."
    OTHER_SECRET "other-secret"
        "another secret was used: calls to the gateway take the client secret, notifications the notification secret"
        "Use the client secret for calls and the notification secret for notifications."
    SECRET_LINE_END "secret-line-end"
        "the secret was used with a line end or a space behind it"
        "Trim the secret where it is read."
    SECRET_DECODED "secret-decoded"
        "the secret was decoded before it was used"
        "Use the secret's text as it is, as UTF-8."
    LOWER_CASE_METHOD "lower-case-method"
        "the method was signed in lower case"
        "Write the method in upper case: POST."
    WHOLE_URL "whole-url"
        "the whole URL was signed instead of its path"
        "Sign the path alone, with the query if there is one."
    HOST "host"
        "the path was signed with the host before it"
        "Sign the path alone, with the query if there is one."
    NO_QUERY "no-query"
        "the query was left out of the path"
        "Sign the path with everything from ? on."
    SLASH "slash"
        "the path was signed with a slash too much or too little"
        "Sign the path exactly as it is called."
    OTHER_SPELLING "other-spelling"
        "another path was signed than was called"
        "Sign the path that is called: with /core/ or without it in both places."
    BEARER "bearer"
        "the token was signed with the word Bearer before it"
        "Sign the token alone."
    CUSTOMER_TOKEN "customer-token"
        "the customer's token was signed instead of the B2B token"
        "Sign the token of the Authorization header, on every operation."
    NO_TOKEN "no-token"
        "no token was signed"
        "Put the token between the path and the digest."
    TOKEN_LINE_END "token-line-end"
        "the token was signed with a line end or quotes around it"
        "Trim the token, and take it out of the JSON as text."
    DIGEST_UPPER_CASE "digest-upper-case"
        "the digest of the body was signed in upper case"
        "Write the digest in lower-case hex."
    DIGEST_BASE64 "digest-base64"
        "the digest of the body was signed in base64"
        "Write the digest in lower-case hex."
    DIGEST_SHA512 "digest-sha512"
        "the digest of the body was made with SHA-512"
        "Hash the body with SHA-256; only the HMAC is SHA-512."
    NO_DIGEST "no-digest"
        "the body itself was signed instead of its digest"
        "Sign the SHA-256 of the body in lower-case hex."
    PRETTY_BODY "pretty-body"
        "a pretty-printed body was hashed, and another one sent"
        "Print the body once; hash and send the same bytes."
    SPACED_BODY "spaced-body"
        "the body was hashed with spaces behind its commas and colons, and sent without"
        "Print the body once; hash and send the same bytes."
    SQUEEZED_BODY "squeezed-body"
        "white space inside the strings of the body was removed"
        "Minify outside strings only, or hash the bytes that are sent."
    SORTED_BODY "sorted-body"
        "the members of the body were sorted before it was hashed"
        "Print the body once; hash and send the same bytes."
    ESCAPED_SLASHES "escaped-slashes"
        "the body was hashed with its slashes escaped (\\/), and sent without"
        "Print the body once; hash and send the same bytes (in PHP: JSON_UNESCAPED_SLASHES)."
    ESCAPED_UNICODE "escaped-unicode"
        "the body was hashed with \\u escapes, and sent without"
        "Print the body once; hash and send the same bytes (in Python: ensure_ascii=False)."
    ESCAPED_HTML "escaped-html"
        "the body was hashed with <, >, & or = escaped, and sent without"
        "Print the body once; hash and send the same bytes (in Go: SetEscapeHTML(false); in Gson: disableHtmlEscaping())."
    REWRITTEN_NUMBERS "rewritten-numbers"
        "the body was parsed and printed again, which changed its numbers"
        "Print the body once; hash and send the same bytes."
    BODY_LINE_END "body-line-end"
        "a line end was added to the body before it was hashed, or taken away"
        "Hash exactly the bytes that are sent."
    CRLF "crlf"
        "the body was hashed with other line ends (CRLF or LF) than it was sent with"
        "Print the body once; hash and send the same bytes."
    EMPTY_BODY "empty-body"
        "the digest of an empty body was signed"
        "Hash the body that is sent."
    TEXT_LINE_END "text-line-end"
        "a line end was added to the string to sign"
        "Sign the string without a line end (printf, not echo)."
    CLOCK_READ_TWICE "clock-read-twice"
        "the clock was read twice: X-TIMESTAMP is not the time that was signed"
        "Read the clock once, and use the same text in the header and in the string to sign."
    TIME_SPELLING "time-spelling"
        "the time was signed in another spelling than X-TIMESTAMP has"
        "Use the same text in the header and in the string to sign."
    RSA_FOR_HMAC "rsa-for-hmac"
        "the request was signed with the RSA key, which is for tokens"
        "Sign transactions with HMAC-SHA512 and the client secret."
    HMAC_FOR_RSA "hmac-for-rsa"
        "the token request was signed by HMAC with the secret"
        "Sign token requests with SHA256withRSA and the private key."
    SWAPPED "swapped"
        "the parts were signed in another order"
        "Sign X-CLIENT-KEY, a | and X-TIMESTAMP, in this order."
    SEPARATOR "separator"
        "another separator was signed than |"
        "Put a single | between X-CLIENT-KEY and X-TIMESTAMP, without spaces."
    CLIENT_KEY_CASE "client-key-case"
        "the client id was signed in another case"
        "Sign X-CLIENT-KEY exactly as it is sent."
    ONLY_CLIENT_KEY "only-client-key"
        "only the client id was signed"
        "Sign X-CLIENT-KEY, a | and X-TIMESTAMP."
    TRANSACTION_TEXT "transaction-text"
        "the token request was signed like a transaction"
        "Sign X-CLIENT-KEY, a | and X-TIMESTAMP, and nothing else."
    HASHED_TWICE "hashed-twice"
        "the string to sign was hashed before it was signed, which hashes it again"
        "Give the string itself to SHA256withRSA."
    RSA_PSS "rsa-pss"
        "RSA-PSS was used instead of PKCS#1 v1.5"
        "Use SHA256withRSA (RSASSA-PKCS1-v1_5)."
    RSA_SHA512 "rsa-sha512"
        "SHA512withRSA was used instead of SHA256withRSA"
        "Use SHA256withRSA."
    RSA_SHA1 "rsa-sha1"
        "SHA1withRSA was used instead of SHA256withRSA"
        "Use SHA256withRSA."
}
