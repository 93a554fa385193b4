//! Counts as Python gets them: every number that stands for a word is turned into the word.

use answer::Meta;
use answer::symbols::{NONE, Symbol, Symbols};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use udp::Counters;

use crate::tcp::Tcp;

/// The dictionary `Counters` of the stub.
pub fn dictionary<'py>(py: Python<'py>, udp: &Counters, tcp: &Tcp, symbols: &Symbols) -> PyResult<Bound<'py, PyDict>> {
    let all = PyDict::new(py);
    all.set_item("received", udp.received)?;
    all.set_item("sent", udp.sent)?;
    all.set_item("unsent", udp.unsent)?;
    all.set_item("received6", udp.received6)?;
    all.set_item("octets", udp.octets)?;
    all.set_item("faults", udp.faults)?;
    all.set_item("restarts", udp.restarts)?;
    all.set_item("truncated", udp.truncated)?;
    let dropped = PyList::empty(py);
    for (reason, count) in &udp.dropped {
        dropped.append(("udp", *reason, *count))?;
    }
    for (reason, count) in &tcp.dropped {
        dropped.append(("tcp", *reason, *count))?;
    }
    all.set_item("dropped", dropped)?;
    let answers = PyList::empty(py);
    for (meta, count) in &udp.answers {
        answers.append(kind("udp", meta, *count, symbols))?;
    }
    for (meta, count) in &tcp.answers {
        answers.append(kind("tcp", meta, *count, symbols))?;
    }
    all.set_item("answers", answers)?;
    all.set_item("latency", &udp.latency)?;
    let threads = PyList::empty(py);
    for thread in &udp.threads {
        let one = PyDict::new(py);
        one.set_item("number", thread.number)?;
        one.set_item("cpu", thread.cpu)?;
        one.set_item("received", thread.received)?;
        one.set_item("sent", thread.sent)?;
        one.set_item("unsent", thread.unsent)?;
        one.set_item("faults", thread.faults)?;
        one.set_item("restarts", thread.restarts)?;
        threads.append(one)?;
    }
    all.set_item("threads", threads)?;
    Ok(all)
}

type Kind<'a> = (&'static str, Option<&'a [u8]>, u8, Option<&'a str>, &'a str, u16, bool, &'a str, u64);

fn kind<'a>(transport: &'static str, meta: &Meta, count: u64, symbols: &'a Symbols) -> Kind<'a> {
    let pool = (meta.pool != NONE).then(|| text(symbols, meta.pool));
    let site = text(symbols, meta.site);
    (transport, zone(symbols, meta), meta.rcode, pool, text(symbols, meta.reason), meta.rtype, meta.truncated, site, count)
}

/// The zone's apex in wire form.
pub fn zone<'a>(symbols: &'a Symbols, meta: &Meta) -> Option<&'a [u8]> {
    (meta.zone != NONE).then(|| symbols.word(meta.zone))
}

/// A word that came as text.
pub fn text(symbols: &Symbols, symbol: Symbol) -> &str {
    std::str::from_utf8(symbols.word(symbol)).unwrap_or_default()
}
