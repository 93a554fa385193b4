//! Names in wire form, lower case in tables: `gslb/names.py` as far as answers need it.

use crate::hash;

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

/// Writes a name in lower case to the start of `to`. Length octets stay as they are: they are at most 63, below "A".
#[inline]
pub fn lower<'a>(name: &[u8], to: &'a mut [u8; 256]) -> &'a [u8] {
    let size = name.len();
    // In blocks, the last of which may begin inside the one before.
    if let Some(last) = name.last_chunk::<16>() {
        for (to, block) in to.as_chunks_mut::<16>().0.iter_mut().zip(name.as_chunks::<16>().0) {
            *to = block.map(|octet| octet.to_ascii_lowercase());
        }
        to[size - 16..size].copy_from_slice(&last.map(|octet| octet.to_ascii_lowercase()));
    } else {
        for (to, octet) in to.iter_mut().zip(name) {
            *to = octet.to_ascii_lowercase();
        }
    }
    &to[..size]
}

/// Whether a name in lower case is this one, in any case. Without a call, for the few octets that names have.
#[inline]
pub fn is(name: &[u8], asked: &[u8]) -> bool {
    if name.len() != asked.len() {
        return false;
    }
    let (Some(last), Some(asked_last)) = (name.last_chunk::<8>(), asked.last_chunk::<8>()) else { return name.eq_ignore_ascii_case(asked) };
    let differ = |name: &[u8; 8], asked: &[u8; 8]| u64::from_le_bytes(*name) ^ hash::lower(u64::from_le_bytes(*asked));
    let mut words = name.as_chunks::<8>().0.iter().zip(asked.as_chunks::<8>().0);
    words.all(|(name, asked)| differ(name, asked) == 0) && differ(last, asked_last) == 0
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
