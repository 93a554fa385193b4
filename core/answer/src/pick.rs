//! Takes groups from a row by the query's draw, or by its client; pure integers. `docs/explanation/draws.md` is the format, to the bit.
//!
//! Groups that hold rdata are given to `taken` one by one, in the order to be answered; rows inside rows are resolved on the way.

use crate::client::Client;
use crate::draw::{below, number, split};
use crate::plan::{Group, Pick, Row};
use crate::rendezvous::score;

const MAX_DEPTH: u32 = 4; // pools inside pools (`delta` refuses deeper ones)

/// Memory for picks over many groups, kept from packet to packet. Every level of rows inside rows has its stretch at the end.
#[derive(Debug, Default)]
pub struct Room {
    scored: Vec<(u64, u64, u32)>, // score, and place in the row
    gone: Vec<bool>,              // by place: taken before
}

/// Takes groups from a row. `client`: for whom, where the row is sticky.
pub fn pick<'p>(row: &'p Row, draw: u64, client: &Client, room: &mut Room, taken: &mut impl FnMut(&'p Group)) {
    at_depth(row, draw, client, room, taken, 1);
}

fn at_depth<'p>(row: &'p Row, draw: u64, client: &Client, room: &mut Room, taken: &mut impl FnMut(&'p Group), depth: u32) {
    let groups = &row.groups;
    let wanted = if row.answers == 0 { groups.len() } else { groups.len().min(row.answers as usize) };
    let lower = split(draw);
    let mut k = 0;
    let mut take = |group: &'p Group, room: &mut Room| {
        k += 1;
        match &group.row {
            None => taken(group),
            Some(inside) if depth < MAX_DEPTH => at_depth(inside, number(lower, k), client, room, taken, depth + 1),
            Some(_) => {}
        }
    };
    match row.pick {
        Pick::All => groups.iter().for_each(|group| take(group, room)),
        Pick::First => groups[..wanted].iter().for_each(|group| take(group, room)),
        Pick::Rotate => {
            let shift = below(draw, groups.len() as u64) as usize;
            let (behind, front) = groups.split_at(shift);
            front.iter().chain(behind).take(wanted).for_each(|group| take(group, room));
        }
        Pick::Weighted if wanted == 1 => take(weighted(row, below(draw, row.total)), room),
        Pick::Weighted => without_replacement(row, wanted, draw, room, &mut take),
        Pick::Sticky => sticky(row, wanted, client, room, &mut take),
    }
}

/// The group that a point in the sum of weights falls on.
fn weighted(row: &Row, mut point: u64) -> &Group {
    for group in &row.groups {
        if point < group.weight {
            return group;
        }
        point -= group.weight;
    }
    unreachable!("weights sum to the total")
}

fn without_replacement<'p>(row: &'p Row, wanted: usize, draw: u64, room: &mut Room, take: &mut impl FnMut(&'p Group, &mut Room)) {
    let base = room.gone.len();
    room.gone.resize(base + row.groups.len(), false);
    let mut total = row.total;
    for k in 0..wanted {
        if total == 0 {
            break; // weight 0 plays only where no group has more, and such rows are refused
        }
        let mut point = below(number(draw, k as u64), total);
        for (i, group) in row.groups.iter().enumerate() {
            if room.gone[base + i] {
                continue;
            }
            if point < group.weight {
                room.gone[base + i] = true;
                total -= group.weight;
                take(group, room);
                break;
            }
            point -= group.weight;
        }
    }
    room.gone.truncate(base);
}

/// The first `wanted` groups in the order of rendezvous; equal scores stand in the row's order.
fn sticky<'p>(row: &'p Row, wanted: usize, client: &Client, room: &mut Room, take: &mut impl FnMut(&'p Group, &mut Room)) {
    let Some(sticky) = &row.sticky else { return };
    let key = client.key(sticky);
    let scored = row.groups.iter().enumerate().filter(|(_, group)| group.weight > 0).map(|(i, group)| {
        let (whole, rest) = score(key, group.key, group.weight);
        (whole, rest, i as u32)
    });
    if wanted == 1 {
        if let Some((_, _, i)) = scored.min() {
            take(&row.groups[i as usize], room);
        }
        return;
    }
    let base = room.scored.len();
    room.scored.extend(scored);
    room.scored[base..].sort_unstable();
    for i in base..room.scored.len().min(base + wanted) {
        take(&row.groups[room.scored[i].2 as usize], room);
    }
    room.scored.truncate(base);
}
