//! Words of a delta as Python has them, named tuples of `gslb.delta` and `gslb.plan`, read by position into words of `answer`.
//!
//! Nothing is taken on trust: another number of fields, another type, an integer that does not fit is an error. What a word means is not
//! judged here but by the assembler.

use answer::delta::{Dynamic, Group, Hinted, Node, RRset, Row, Sticky, Word};
use pyo3::Borrowed;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyString, PyTuple};

/// Tuples inside tuples. A word with rows four deep, which is the most the assembler allows, has nine; without a bound a delta could
/// exhaust the stack.
const DEEPEST: usize = 16;

/// Something that a field may hold.
trait Read: Sized {
    fn read(item: Borrowed<'_, '_, PyAny>, depth: usize) -> PyResult<Self>;
}

/// What tuples hold any number of. Not `u8`: octets are `bytes`.
trait Item: Read {}

macro_rules! words {
    ($($word:ident { $($field:ident),* })*) => {
        /// The words of a delta, each with its number of fields.
        pub const WORDS: &[(&str, usize)] = &[$((stringify!($word), [$(stringify!($field)),*].len())),*];

        fn read_fields(kind: &str, fields: &Fields) -> PyResult<Word> {
            match kind {
                $(stringify!($word) => Ok(Word::$word { $($field: fields.next(stringify!($field))?),* }),)*
                _ => Err(PyTypeError::new_err("no word of a delta")),
            }
        }
    };
}

macro_rules! parts {
    ($($part:ident { $($field:ident),* })*) => {
        /// What words are made of, each with its number of fields.
        pub const PARTS: &[(&str, usize)] = &[$((stringify!($part), [$(stringify!($field)),*].len())),*];

        $(
            impl Read for $part {
                fn read(item: Borrowed<'_, '_, PyAny>, depth: usize) -> PyResult<Self> {
                    let fields = Fields::of(item, [$(stringify!($field)),*].len(), depth)?;
                    Ok($part { $($field: fields.next(stringify!($field))?),* })
                }
            }

            impl Item for $part {}
        )*
    };
}

words! {
    Begin { base, generation }
    PartitionStart { partition, cap4, cap6 }
    PartitionRuns { partition, version, starts, lows, regions }
    PartitionGone { partition }
    PoolStart { pool, name, partition, couple }
    PoolRows { pool, rows }
    PoolMap { pool, rtype, default, rows }
    PoolGone { pool }
    ZoneStart { apex, soa, negative_ttl, fresh }
    ZoneNames { apex, nodes }
    ZoneGlue { apex, glue }
    ZoneDrop { apex, names, glue }
    ZoneGone { apex }
    Commit { generation }
}

parts! {
    RRset { rtype, ttl, rdata, targets }
    Node { rrsets, dynamic, cut, hinted }
    Dynamic { pool, types, ttl }
    Hinted { rtype, ttl, pool, head, middle, tail }
    Row { pick, answers, ttl, groups, reason, rcode, sticky }
    Group { weight, rdata, row, site, key }
    Sticky { seed, bits4, bits6, qname }
}

/// Reads one word; it is known by the name of its class.
pub fn read(word: &Bound<'_, PyAny>) -> PyResult<Word> {
    let kind = word.get_type().name()?;
    let kind = kind.to_str()?;
    let Some(&(_, count)) = WORDS.iter().find(|(name, _)| *name == kind) else {
        return Err(PyTypeError::new_err(format!("{kind} is no word of a delta")));
    };
    let fields = Fields::of(word.as_borrowed(), count, 0)?;
    read_fields(kind, &fields)
}

/// The fields of one named tuple, taken in order.
struct Fields<'a, 'py> {
    tuple: Borrowed<'a, 'py, PyTuple>,
    at: std::cell::Cell<usize>,
    depth: usize,
}

impl<'a, 'py> Fields<'a, 'py> {
    fn of(item: Borrowed<'a, 'py, PyAny>, count: usize, depth: usize) -> PyResult<Self> {
        let tuple = item.cast::<PyTuple>()?;
        if tuple.len() != count {
            return Err(PyTypeError::new_err(format!("{} fields where {count} are expected", tuple.len())));
        }
        if depth > DEEPEST {
            return Err(PyValueError::new_err(format!("nested deeper than {DEEPEST}")));
        }
        Ok(Self { tuple, at: 0.into(), depth: depth + 1 })
    }

    fn next<T: Read>(&self, name: &str) -> PyResult<T> {
        let at = self.at.replace(self.at.get() + 1);
        T::read(self.tuple.get_borrowed_item(at)?, self.depth).map_err(|error| within(self.tuple.py(), name, &error))
    }
}

/// Says in which field it went wrong: `groups: key: …`.
fn within(py: Python<'_>, name: &str, error: &PyErr) -> PyErr {
    PyErr::from_type(error.get_type(py), format!("{name}: {}", error.value(py)))
}

macro_rules! integers {
    ($($integer:ty)*) => {
        $(
            impl Read for $integer {
                fn read(item: Borrowed<'_, '_, PyAny>, _depth: usize) -> PyResult<Self> {
                    item.extract()
                }
            }
        )*
    };
}

integers! { u8 u16 u32 u64 i64 }

impl Item for u16 {}

impl Read for bool {
    fn read(item: Borrowed<'_, '_, PyAny>, _depth: usize) -> PyResult<Self> {
        Ok(item.cast::<PyBool>()?.is_true())
    }
}

impl Read for String {
    fn read(item: Borrowed<'_, '_, PyAny>, _depth: usize) -> PyResult<Self> {
        Ok(item.cast::<PyString>()?.to_str()?.to_owned())
    }
}

impl Read for Vec<u8> {
    fn read(item: Borrowed<'_, '_, PyAny>, _depth: usize) -> PyResult<Self> {
        Ok(item.cast::<PyBytes>()?.as_bytes().to_vec())
    }
}

impl Item for Vec<u8> {}

impl<T: Item> Read for Vec<T> {
    fn read(item: Borrowed<'_, '_, PyAny>, depth: usize) -> PyResult<Self> {
        item.cast::<PyTuple>()?.iter_borrowed().map(|one| T::read(one, depth)).collect()
    }
}

impl<T: Read> Read for Option<T> {
    fn read(item: Borrowed<'_, '_, PyAny>, depth: usize) -> PyResult<Self> {
        if item.is_none() { Ok(None) } else { T::read(item, depth).map(Some) }
    }
}

/// A name and what is there.
impl<T: Read> Read for (Vec<u8>, T) {
    fn read(item: Borrowed<'_, '_, PyAny>, depth: usize) -> PyResult<Self> {
        let fields = Fields::of(item, 2, depth)?;
        Ok((fields.next("name")?, fields.next("value")?))
    }
}

impl<T: Read> Item for (Vec<u8>, T) {}
