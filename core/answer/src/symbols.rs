//! Words that replies are counted by: zones, pools, sites, reasons; each has one small number for the life of the process.
//!
//! Interned by the assembler, never on the packet path. A number is never used for another word, so that a count stays true across snapshots.

use std::collections::HashMap;
use std::sync::Arc;

/// The number of a word. [`NONE`] is the empty word.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, PartialOrd, Ord)]
pub struct Symbol(pub u32);

/// The empty word: no zone, no pool, no site, chosen among healthy.
pub const NONE: Symbol = Symbol(0);

macro_rules! fixed {
    ($($name:ident = $number:literal, $text:literal;)*) => {
        $(#[doc = concat!("The reason \"", $text, "\".")] pub const $name: Symbol = Symbol($number);)*
        const FIXED: &[&str] = &["", $($text),*];
    };
}

fixed! {
    OUTSIDE = 1, "outside";
    OPCODE = 2, "opcode";
    QUESTION_COUNT = 3, "question count";
    QUESTION = 4, "question";
    TRANSFER = 5, "transfer";
    RECORDS = 6, "records";
    CLASS = 7, "class";
    TYPE = 8, "type";
    TSIG = 9, "TSIG";
    TRAILING = 10, "trailing octets";
    EDNS_VERSION = 11, "EDNS version";
    EDNS_OPTIONS = 12, "EDNS options";
    CLIENT_SUBNET = 13, "client subnet";
}

/// The table of words. Octets, because zones are names in wire form.
#[derive(Debug)]
pub struct Symbols {
    words: Vec<Arc<[u8]>>,
    numbers: HashMap<Arc<[u8]>, Symbol>,
}

impl Symbols {
    /// Starts with the fixed words.
    pub fn new() -> Self {
        let mut symbols = Self { words: Vec::new(), numbers: HashMap::new() };
        for word in FIXED {
            symbols.of(word.as_bytes());
        }
        symbols
    }

    /// The number of a word, a new one where it has none.
    pub fn of(&mut self, word: &[u8]) -> Symbol {
        if let Some(&known) = self.numbers.get(word) {
            return known;
        }
        let symbol = Symbol(self.words.len() as u32);
        let kept: Arc<[u8]> = word.into();
        self.words.push(kept.clone());
        self.numbers.insert(kept, symbol);
        symbol
    }

    /// The word of a number; empty where there is none.
    pub fn word(&self, symbol: Symbol) -> &[u8] {
        self.words.get(symbol.0 as usize).map_or(b"", |word| word)
    }
}

impl Default for Symbols {
    fn default() -> Self {
        Self::new()
    }
}
