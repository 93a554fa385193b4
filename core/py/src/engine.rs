//! The one class of the module: assembler, snapshot, threads and TCP's answers behind one face.

use std::os::fd::{BorrowedFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use answer::delta::{Assembler, Word};
use answer::symbols::NONE;
use answer::{Env, Wanted};
use pyo3::create_exception;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};
use udp::dnstap::{Encoder, Words};
use udp::tap::Watching;
use udp::{Config, Workers};

use crate::counts;
use crate::tap::{self, Taken, Tap};
use crate::tcp::Tcp;
use crate::words;

create_exception!(gslb_core, PlanError, PyValueError, "A delta is refused whole.");

type Row = (u32, u16, u16);
type Answer<'a, 'py> = (Bound<'py, PyBytes>, Option<&'a [u8]>, u8, Option<u32>, &'a str, u16, bool, &'a str, Option<Row>);

/// Answers from one snapshot at a time.
#[pyclass(module = "gslb_core")]
pub struct Engine {
    assembler: Assembler,
    /// After a delta that could not even be read: nothing is taken until the next begins.
    refused: bool,
    workers: Workers,
    tcp: Tcp,
    tap: Tap,
    max_udp: u16,
    ecs: bool,
}

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (max_udp = 1232, ecs = true, batch = 64))]
    fn new(max_udp: u16, ecs: bool, batch: usize) -> Self {
        let workers = Workers::new(Config { max_udp, ecs, batch });
        Self { assembler: Assembler::new(), refused: false, workers, tcp: Tcp::default(), tap: Tap::default(), max_udp, ecs }
    }

    #[getter]
    fn generation(&self) -> u64 {
        self.workers.snapshot().generation
    }

    fn reset(&mut self) {
        self.assembler.reset();
        self.refused = false;
    }

    fn feed(&mut self, number: &Bound<'_, PyAny>, word: &Bound<'_, PyAny>) -> PyResult<Option<u64>> {
        let py = word.py();
        let read = number.extract::<u64>().and_then(|number| Ok((number, words::read(word)?)));
        let (number, word) = read.map_err(|error| {
            self.refused = true;
            malformed(py, &error)
        })?;
        if self.refused && !matches!(word, Word::Begin { .. }) {
            return Err(PlanError::new_err("a word outside a delta"));
        }
        self.refused = false;
        let fed = catch_unwind(AssertUnwindSafe(|| self.assembler.feed(number, word)));
        let fed = fed.map_err(|_| {
            self.refused = true;
            PlanError::new_err("the assembler failed")
        })?;
        let Some(snapshot) = fed.map_err(|error| PlanError::new_err(error.to_string()))? else {
            return Ok(None);
        };
        let generation = snapshot.generation;
        self.workers.publish(snapshot);
        Ok(Some(generation))
    }

    #[pyo3(signature = (query, client, draw, udp = true, max_udp = 1232, ecs = true))]
    #[allow(clippy::too_many_arguments)] // they are `Env`, by name
    fn answer<'py>(
        &mut self,
        py: Python<'py>,
        query: &[u8],
        client: &[u8],
        draw: u64,
        udp: bool,
        max_udp: u16,
        ecs: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        check(client)?;
        let snapshot = self.workers.snapshot();
        let env = Env { draw, udp, max_udp, ecs };
        let (octets, meta, wanted) = match self.tcp.answer(&snapshot, query, client, &env) {
            Ok(reply) => reply,
            Err(reason) => return Ok(PyString::new(py, reason).into_any()),
        };
        let symbols = self.assembler.symbols();
        let pool = (meta.pool != NONE).then_some(meta.pool_number);
        let (reason, site) = (counts::text(symbols, meta.reason), counts::text(symbols, meta.site));
        let octets = PyBytes::new(py, octets);
        let answer: Answer<'_, '_> =
            (octets, counts::zone(symbols, &meta), meta.rcode, pool, reason, meta.rtype, meta.truncated, site, wanted.map(row));
        Ok(answer.into_pyobject(py)?.into_any())
    }

    fn tcp<'py>(&mut self, py: Python<'py>, query: &[u8], client: &[u8], draw: u64) -> PyResult<Option<Bound<'py, PyBytes>>> {
        check(client)?;
        let snapshot = self.workers.snapshot();
        let env = Env { draw, udp: false, max_udp: self.max_udp, ecs: self.ecs };
        // A panic is a fault of ours and must cost one answer only.
        let serve = || self.tcp.serve(&snapshot, query, client, &env).map(|octets| PyBytes::new(py, octets));
        catch_unwind(AssertUnwindSafe(serve)).map_err(|_| {
            self.tcp.forget();
            PyRuntimeError::new_err("the engine failed at a query")
        })
    }

    fn decided(&self) -> (Option<&[u8]>, u8, &str, &str, &str, bool) {
        let Words { zone, pool, site, reason } = tap::words(self.assembler.symbols(), &self.tcp.last);
        (zone, self.tcp.last.rcode, pool, site, reason, self.tcp.last.truncated)
    }

    #[pyo3(signature = (query, max_udp = 1232, ecs = true))]
    fn truncated<'py>(&mut self, py: Python<'py>, query: &[u8], max_udp: u16, ecs: bool) -> Option<Bound<'py, PyBytes>> {
        self.tcp.truncated(query, &Env { draw: 0, udp: true, max_udp, ecs }).map(|octets| PyBytes::new(py, octets))
    }

    #[allow(clippy::too_many_arguments)] // each a setting
    fn watch(
        &mut self,
        dnstap: u64,
        log: u64,
        debug: Vec<(Vec<u8>, u8)>,
        identity: &str,
        version: &str,
        queries: bool,
        responses: bool,
        extra: bool,
    ) {
        self.tap = Tap::new(Encoder::new(identity, version, queries, responses, extra));
        self.workers.watch(Watching { dnstap, log, debug });
    }

    fn tap(&mut self, py: Python<'_>, room: usize, lines: usize) -> Taken {
        self.tap.take(py, &mut self.workers, self.assembler.symbols(), room, lines)
    }

    #[pyo3(signature = (sockets, cpu = None))]
    fn start(&mut self, sockets: Vec<i32>, cpu: Option<usize>) -> PyResult<usize> {
        let owned = sockets.into_iter().map(duplicate).collect::<PyResult<Vec<_>>>()?;
        Ok(self.workers.start(owned, cpu)?)
    }

    fn stop(&mut self, py: Python<'_>, seconds: f64) -> PyResult<()> {
        let limit = Duration::try_from_secs_f64(seconds).map_err(|error| PyValueError::new_err(error.to_string()))?;
        py.detach(|| self.workers.stop(limit));
        Ok(())
    }

    fn counters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        counts::dictionary(py, &self.workers.counters(), &self.tcp, self.assembler.symbols())
    }

    fn wanted(&mut self, most: usize) -> Vec<Row> {
        let mut wanted = self.workers.wanted(most);
        wanted.extend(self.tcp.take_wanted(most - wanted.len().min(most)));
        wanted.into_iter().map(row).collect()
    }

    fn reap(&self, py: Python<'_>) -> usize {
        py.detach(|| self.workers.reap())
    }
}

/// Python's own error, as the reason to refuse a plan.
fn malformed(py: Python<'_>, error: &PyErr) -> PyErr {
    let kind = error.get_type(py).name().map_or_else(|_| String::new(), |name| format!("{name}: "));
    PlanError::new_err(format!("malformed plan: {kind}{}", error.value(py)))
}

fn row(wanted: Wanted) -> Row {
    (wanted.pool, wanted.region, wanted.rtype)
}

fn check(client: &[u8]) -> PyResult<()> {
    if matches!(client.len(), 4 | 16) { Ok(()) } else { Err(PyValueError::new_err("a client's address has 4 or 16 octets")) }
}

/// Opens the same socket once more, for the thread to keep.
fn duplicate(socket: i32) -> PyResult<OwnedFd> {
    if socket < 0 {
        return Err(PyValueError::new_err("no descriptor"));
    }
    // SAFETY: it is borrowed for the one call that duplicates it, while the caller, who holds the interpreter's lock, cannot close it; a
    // number that is no open descriptor is refused by that call.
    let borrowed = unsafe { BorrowedFd::borrow_raw(socket) };
    Ok(borrowed.try_clone_to_owned()?)
}
