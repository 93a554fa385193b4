//! Names in wire form, lower case in tables: `gslb/names.py` as far as answers need it.

/// RFC 1035 section 2.3.4: octets on the wire, the root's included.
pub const MAX_NAME: usize = 255;

/// The name without its first label. The root stays the root.
pub fn parent(name: &[u8]) -> &[u8] {
    let step = usize::from(name[0]);
    if step == 0 { name } else { &name[1 + step..] }
}

/// Whether `name` is `apex` or below it, label by label.
pub fn is_under(mut name: &[u8], apex: &[u8]) -> bool {
    while name.len() > apex.len() {
        name = parent(name);
    }
    name == apex
}

/// Length of the name at the start of `octets`; None where it is not a whole one of at most 255 octets.
pub fn length(octets: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let label = usize::from(*octets.get(at)?);
        at += 1 + label;
        if label > 63 || at > MAX_NAME {
            return None;
        }
        if label == 0 {
            return Some(at);
        }
    }
}

/// Whether these octets are one whole name in lower case.
pub fn is_lower(octets: &[u8]) -> bool {
    length(octets) == Some(octets.len()) && !octets.iter().any(u8::is_ascii_uppercase)
}
