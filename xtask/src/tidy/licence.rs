//! Reads SPDX licence expressions, as far as crates use them: AND, OR, WITH, parentheses, and `/` for OR.

/// Whether some choice of the terms needs only allowed licences.
pub(super) fn allows(terms: &str, allowed: &[&str]) -> bool {
    let spaced = terms
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any(&mut rest, allowed) && rest.is_empty()
}

fn any(rest: &mut &[&str], allowed: &[&str]) -> bool {
    let mut ok = all(rest, allowed);
    while let ["OR", after @ ..] = rest {
        *rest = after;
        ok |= all(rest, allowed);
    }
    ok
}

fn all(rest: &mut &[&str], allowed: &[&str]) -> bool {
    let mut ok = one(rest, allowed);
    while let ["AND", after @ ..] = rest {
        *rest = after;
        ok &= one(rest, allowed);
    }
    ok
}

fn one(rest: &mut &[&str], allowed: &[&str]) -> bool {
    match rest {
        ["(", after @ ..] => {
            *rest = after;
            let ok = any(rest, allowed);
            match rest {
                [")", after @ ..] => {
                    *rest = after;
                    ok
                }
                _ => false,
            }
        }
        // An exception only adds permissions.
        [name, "WITH", _, after @ ..] | [name, after @ ..] => {
            let ok = allowed.contains(name);
            *rest = after;
            ok
        }
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::allows;

    #[test]
    fn a_choice_is_enough_and_a_conjunction_needs_all() {
        let allowed = ["MIT", "Apache-2.0", "ISC"];
        assert!(allows("MIT/GPL-3.0", &allowed));
        assert!(allows("ISC AND (Apache-2.0 OR GPL-3.0)", &allowed));
        assert!(allows(
            "Apache-2.0 WITH LLVM-exception OR GPL-3.0",
            &allowed
        ));
        assert!(!allows("MIT AND GPL-3.0", &allowed));
        assert!(!allows("GPL-3.0", &allowed));
        assert!(!allows("", &allowed));
        assert!(!allows("(MIT", &allowed));
    }
}
