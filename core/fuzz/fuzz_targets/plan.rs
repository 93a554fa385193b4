//! Any words as deltas, one after the other: no panic, a refused delta leaves the live plan alone, and what is taken can be asked anything.
#![no_main]

use std::sync::Arc;

use answer::delta::Assembler;
use answer::delta::words::Word;
use answer::{Env, Outcome, Scratch};
use arbitrary::{Result, Unstructured};
use gslb_fuzz::{plans, reply};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let _ = run(&mut Unstructured::new(octets));
});

fn run(u: &mut Unstructured) -> Result<()> {
    let mut assembler = Assembler::new();
    let (mut scratch, mut out) = (Scratch::default(), Vec::new());
    for generation in 1..=u.int_in_range(1..=4)? {
        let live = assembler.live().clone();
        let base = if plans::rarely(u, 3)? { 0 } else { live.generation };
        let words = [vec![Word::Begin { base, generation }], plans::words(u)?, vec![Word::Commit { generation }]].concat();
        let skewed = if plans::rarely(u, 20)? { u.choose_index(words.len())? } else { words.len() };
        let mut taken = false;
        for (number, word) in words.into_iter().enumerate() {
            match assembler.feed((number + usize::from(number == skewed)) as u64, word) {
                Ok(snapshot) => taken = snapshot.is_some(),
                Err(_) => break,
            }
        }
        assert!(taken || Arc::ptr_eq(&live, assembler.live()), "what was refused is obeyed");
        assert!(!taken || assembler.live().generation == generation);
        for _ in 0..u.int_in_range(1..=12)? {
            ask(u, &assembler, &mut scratch, &mut out)?;
        }
    }
    Ok(())
}

/// Asks the live plan something.
fn ask(u: &mut Unstructured, assembler: &Assembler, scratch: &mut Scratch, out: &mut Vec<u8>) -> Result<()> {
    let mut query = vec![0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1];
    if u.arbitrary()? {
        query.extend([1, b'q']);
    }
    query.extend(plans::name(u)?);
    query.extend(u.choose(plans::TYPES)?.to_be_bytes());
    let source: u8 = u.int_in_range(0..=24)?;
    let octets: [u8; 3] = u.arbitrary()?;
    let size = source.div_ceil(8);
    query.extend([0, 1, 0, 0, 41, 4, 208, 0, 0, u.arbitrary()?, 0, 0, 8 + size, 0, 8, 0, 4 + size, 0, 1, source, 0]);
    query.extend(octets.iter().take(size.into()).zip(0..).map(|(octet, at)| octet & !(0xFFu16 >> (source - 8 * at).min(8)) as u8));
    let env = Env { draw: u.arbitrary()?, udp: u.arbitrary()?, max_udp: u.int_in_range(512..=4096)?, ecs: !u.arbitrary::<bool>()? };
    let client: [u8; 16] = u.arbitrary()?;
    out.resize(out.len().max(env.room()), 0);
    let client = if client[0] & 1 == 0 { &client[..4] } else { &client[..] };
    if let Outcome::Reply { len, .. } = answer::answer(assembler.live(), &query, client, &env, scratch, out) {
        reply::check(&query, &env, &out[..len]);
    }
    Ok(())
}
