//! Contestants that take turns in many short rounds: the medians, their ratio and the spread.
//!
//! Criterion measures one function after the other, and then a ratio on a busy machine compares two
//! moments. Here every contestant has a round in each moment.

use comfy_table::{CellAlignment, Table, presets};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// What the command line asks for. Cargo's own `--bench` is accepted and ignored.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// A smoke run of a few seconds; its figures mean nothing.
    pub quick: bool,
    /// Tables as Markdown.
    pub markdown: bool,
}

impl Options {
    pub fn from_args() -> Self {
        let args: Vec<String> = std::env::args().skip(1).collect();
        let known = |arg: &&String| ["--quick", "--markdown", "--bench"].contains(&arg.as_str());
        if let Some(unknown) = args.iter().find(|arg| !known(arg)) {
            eprintln!("unknown argument {unknown:?}; there are --quick and --markdown");
            std::process::exit(2);
        }
        let has = |name: &str| args.iter().any(|arg| arg == name);
        Self { quick: has("--quick"), markdown: has("--markdown") }
    }
}

/// Does its operation that often and says how long it took.
pub struct Contestant<'a> {
    name: String,
    run: Box<dyn FnMut(u32) -> Duration + 'a>,
}

impl<'a> Contestant<'a> {
    /// An operation that needs nothing done before it; what it returns is dropped within the time.
    pub fn new<T>(name: impl Into<String>, mut operation: impl FnMut() -> T + 'a) -> Self {
        Self::timing_itself(name, move |times| {
            let start = Instant::now();
            for _ in 0..times {
                black_box(operation());
            }
            start.elapsed()
        })
    }

    pub fn timing_itself(name: impl Into<String>, run: impl FnMut(u32) -> Duration + 'a) -> Self {
        Self { name: name.into(), run: Box::new(run) }
    }

    /// How often the operation fits into that time.
    fn calibrate(&mut self, round: Duration) -> u32 {
        let mut times = 1;
        loop {
            let took = (self.run)(times).as_secs_f64() / round.as_secs_f64();
            if took >= 0.25 {
                return (f64::from(times) / took).max(1.0) as u32;
            }
            times *= 2;
        }
    }
}

/// How many rounds each contestant has, and what a round is.
#[derive(Debug, Clone, Copy)]
pub enum Rounds {
    /// As often as fits into that time.
    Lasting(usize, Duration),
    /// That often; the figures are for one.
    OfOperations(usize, u32),
}

/// Nanoseconds of one operation.
struct Figures {
    median: f64,
    p10: f64,
    p90: f64,
}

/// Prints a table of the contestants, each compared with the first.
pub fn compare(title: &str, contestants: Vec<Contestant<'_>>, rounds: Rounds, options: Options) {
    let (names, figures) = take_turns(contestants, rounds);
    let mut table = Table::new();
    table.load_style(if options.markdown { presets::ASCII_MARKDOWN } else { presets::NOTHING });
    table.set_header([title, "median", "p10..p90", "ratio"]);
    for (name, one) in names.into_iter().zip(&figures) {
        let spread = format!("{}..{}", nanoseconds(one.p10), nanoseconds(one.p90));
        let ratio = format!("{:.2}", one.median / figures[0].median);
        table.add_row([name, format!("{} ns", nanoseconds(one.median)), spread, ratio]);
    }
    table.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    println!("{table}\n");
}

/// One table of several comparisons, for a page: a row each, a column a contestant, with its ratio
/// to the first.
#[derive(Debug, Default)]
pub struct Matrix(Vec<Vec<String>>);

impl Matrix {
    /// Compares these, whose names are those of the columns.
    pub fn compare(&mut self, title: &str, contestants: Vec<Contestant<'_>>, rounds: Rounds) {
        let (names, figures) = take_turns(contestants, rounds);
        if self.0.is_empty() {
            self.0.push([String::new()].into_iter().chain(names).collect());
        }
        let first = figures[0].median;
        let ratio = |one: &Figures| match one.median / first {
            1.0 => format!("{} ns", nanoseconds(one.median)),
            ratio => format!("{} ns, {ratio:.1} ×", nanoseconds(one.median)),
        };
        self.0.push([title.to_owned()].into_iter().chain(figures.iter().map(ratio)).collect());
    }

    /// Prints it, as Markdown.
    pub fn print(self) {
        let mut rows = self.0.into_iter();
        let mut table = Table::new();
        table.load_style(presets::ASCII_MARKDOWN).set_header(rows.next().unwrap_or_default());
        table.add_rows(rows);
        println!("{table}");
    }
}

/// The names of the contestants, and their figures.
fn take_turns(mut contestants: Vec<Contestant<'_>>, rounds: Rounds) -> (Vec<String>, Vec<Figures>) {
    let (count, times) = match rounds {
        Rounds::Lasting(count, round) => (count, contestants.iter_mut().map(|one| one.calibrate(round)).collect()),
        Rounds::OfOperations(count, times) => (count, vec![times; contestants.len()]),
    };
    let mut taken = vec![Vec::with_capacity(count); contestants.len()];
    for _ in 0..count {
        for ((contestant, times), taken) in contestants.iter_mut().zip(&times).zip(&mut taken) {
            taken.push((contestant.run)(*times).as_secs_f64() * 1e9 / f64::from(*times));
        }
    }
    (contestants.into_iter().map(|one| one.name).collect(), taken.into_iter().map(figures).collect())
}

fn figures(mut taken: Vec<f64>) -> Figures {
    taken.sort_by(f64::total_cmp);
    let at = |percent: usize| taken[(taken.len() - 1) * percent / 100];
    Figures { median: at(50), p10: at(10), p90: at(90) }
}

/// Thousands are easier to read apart.
fn nanoseconds(ns: f64) -> String {
    if ns < 10_000.0 { format!("{ns:.0}") } else { format!("{:.0} {:03.0}", (ns / 1000.0).floor(), ns % 1000.0) }
}
