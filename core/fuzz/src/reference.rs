//! The Python reference in a process of its own, and the worlds that it makes.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use answer::delta::Assembler;
use answer::plan::Snapshot;
use answer::symbols::NONE;
use answer::{Outcome, Scratch};

use crate::case::{Case, WORLDS};
use crate::words;

/// Finds Python where the working copy has it, unless `GSLB_PYTHON` says another.
const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.venv/bin/python");

/// `python -m gslb.testing.twin.reference`.
pub struct Reference(Child);

impl Reference {
    /// Starts it.
    pub fn start() -> Self {
        let python = std::env::var("GSLB_PYTHON").unwrap_or_else(|_| PYTHON.into());
        let mut command = Command::new(python);
        command.args(["-m", "gslb.testing.twin.reference"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        Self(command.spawn().expect("python with gslb: make test installs it, GSLB_PYTHON names another"))
    }

    /// What it answers, as `told` writes it there.
    pub fn answer(&mut self, case: &Case) -> Vec<u8> {
        let mut request = vec![b'A'];
        request.extend(case.world.to_be_bytes());
        request.extend(case.env.draw.to_be_bytes());
        request.push(u8::from(case.env.udp));
        request.extend(case.env.max_udp.to_be_bytes());
        request.push(u8::from(case.env.ecs));
        request.push(case.client.len() as u8);
        request.extend(case.client);
        request.extend(case.query);
        self.ask(&request)
    }

    fn ask(&mut self, request: &[u8]) -> Vec<u8> {
        let (incoming, outgoing) = (self.0.stdout.as_mut().unwrap(), self.0.stdin.as_mut().unwrap());
        outgoing.write_all(&[&(request.len() as u32).to_be_bytes(), request].concat()).unwrap();
        outgoing.flush().unwrap();
        let mut size = [0; 4];
        incoming.read_exact(&mut size).expect("the reference lives");
        let mut said = vec![0; u32::from_be_bytes(size) as usize];
        incoming.read_exact(&mut said).expect("the reference lives");
        said
    }
}

/// An engine and the worlds it answers from.
pub struct Worlds {
    assembler: Assembler,
    plans: Vec<Arc<Snapshot>>,
    scratch: Scratch,
    out: Vec<u8>,
}

impl Worlds {
    /// Takes all worlds from the reference.
    pub fn load(reference: &mut Reference) -> Self {
        let mut assembler = Assembler::new();
        let plans = (0..WORLDS).map(|seed| {
            let words = words::read(&reference.ask(&[b"W", &seed.to_be_bytes()[..]].concat()));
            assembler.reset();
            let fed = words.into_iter().zip(0..).map(|(word, number)| assembler.feed(number, word).expect("the reference's plans are sound"));
            fed.last().flatten().expect("a delta ends in a commit")
        });
        let plans = plans.collect();
        Self { assembler, plans, scratch: Scratch::default(), out: Vec::new() }
    }

    /// Answers a case: the outcome, and the octets of a reply.
    pub fn answer(&mut self, case: &Case) -> (Outcome, &[u8]) {
        self.out.resize(self.out.len().max(case.env.room()), 0);
        let outcome = answer::answer(&self.plans[case.world as usize], case.query, case.client, &case.env, &mut self.scratch, &mut self.out);
        match outcome {
            Outcome::Reply { len, .. } => (outcome, &self.out[..len]),
            Outcome::Silence(_) => (outcome, &[]),
        }
    }

    /// Answers a case, told as the reference tells it.
    pub fn told(&mut self, case: &Case) -> Vec<u8> {
        let (outcome, wire) = self.answer(case);
        let wire = wire.to_vec();
        let (meta, wanted) = match outcome {
            Outcome::Silence(reason) => return [b"D", reason.reason().as_bytes()].concat(),
            Outcome::Reply { meta, wanted, .. } => (meta, wanted),
        };
        let mut said = Vec::new();
        if let Some(row) = wanted {
            said.push(b'N');
            said.extend(row.pool.to_be_bytes());
            said.extend(row.region.to_be_bytes());
            said.extend(row.rtype.to_be_bytes());
        }
        said.extend([b'R', meta.rcode, u8::from(meta.truncated)]);
        said.extend(meta.rtype.to_be_bytes());
        let symbols = self.assembler.symbols();
        let number = meta.pool_number.to_be_bytes();
        let pool: &[u8] = if meta.pool == NONE { b"" } else { &number };
        for word in [symbols.word(meta.zone), pool, symbols.word(meta.reason), symbols.word(meta.site)] {
            said.extend((word.len() as u16).to_be_bytes());
            said.extend(word);
        }
        said.extend(wire);
        said
    }
}
