//! What is counted.

use std::collections::HashMap;

use answer::Meta;
use answer::symbols::Symbol;
use gslb_udp::Config;

use crate::loopback::{ask, client, numbered, one, say, until};
use crate::script::{KIND, RESPONSE, SHORT, TRUNCATED};

#[test]
fn every_query_is_counted_once_by_what_became_of_it() {
    let (workers, _, port) = one(Config::default());
    let client = client("127.0.0.1", port);
    for pool in 1..=3 {
        (0..pool).for_each(|_| drop(ask(&client, &numbered(KIND, pool))));
    }
    ask(&client, &[TRUNCATED]);
    [SHORT, RESPONSE, RESPONSE].iter().for_each(|&letter| say(&client, &[letter]));
    ask(&client, b"e");
    until("the last batch is counted", || workers.counters().latency.iter().map(|&(_, count)| count).sum::<u64>() == 11);
    let counters = workers.counters();
    assert_eq!((counters.received, counters.sent, counters.unsent, counters.faults, counters.restarts), (11, 8, 0, 0, 0));
    assert_eq!(counters.truncated, 1);
    assert_eq!(counters.dropped, [("short", 1), ("response", 2)]);
    let kind = |pool| Meta { pool: Symbol(pool), rcode: 3, ..Meta::default() };
    let plain = Meta::default();
    let expected = HashMap::from([(kind(1), 1), (kind(2), 2), (kind(3), 3), (plain, 1), (Meta { truncated: true, ..plain }, 1)]);
    assert_eq!(counters.answers.into_iter().collect::<HashMap<_, _>>(), expected);
    assert_eq!(counters.threads.len(), 1);
    assert_eq!((counters.threads[0].received, counters.threads[0].sent), (11, 8));
}

#[test]
fn kinds_past_the_bound_are_counted_by_rcode() {
    let (workers, _, port) = one(Config::default());
    let client = client("127.0.0.1", port);
    (1..=4200).for_each(|pool| drop(ask(&client, &numbered(KIND, pool))));
    let answers: HashMap<Meta, u64> = workers.counters().answers.into_iter().collect();
    assert_eq!(answers.len(), 4097);
    assert_eq!(answers[&Meta { rcode: 3, ..Meta::default() }], 104);
}

#[test]
fn how_long_it_took_is_the_whole_batchs_time() {
    let (workers, script, port) = one(Config::default());
    let client = client("127.0.0.1", port);
    say(&client, b"g");
    script.gate.wait();
    std::thread::sleep(std::time::Duration::from_millis(20));
    script.gate.open();
    crate::loopback::hear(&client);
    let slow = |&&(bound, count): &&(u64, u64)| bound > 16 << 20 && count == 1;
    until("it is counted", || workers.counters().latency.iter().filter(slow).count() == 1);
}
