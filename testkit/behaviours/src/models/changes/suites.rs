//! Columns that move from one suite to another: values under both open, others don't.

use crate::models::{Client, Database as _, Raw, Store, World};
use fieldseal::{ErrorKind, Model};
use testkit::test_keyring;

test_keyring!(Keys, &[]);

diesel::table! {
    moves (id) {
        id -> BigInt,
        value -> Binary,
        text -> Text,
    }
}

/// What every stage of the move has.
pub trait Stage: Model {
    fn of(id: i64) -> Self;
    fn values(self) -> [String; 2];
}

macro_rules! stage {
    ($name:ident, $($attrs:tt)*) => {
        model! {
            #[encrypt(table = "moves", row = id, keyring = Keys, size = 255)]
            #[diesel(table_name = moves)]
            pub struct $name {
                pub id: i64,
                #[encrypt($($attrs)*)]
                value: String,
                #[encrypt(base64, $($attrs)*)]
                text: String,
            }
        }

        impl Stage for $name {
            fn of(id: i64) -> Self {
                let [value, text] = values(id);
                Self { id, value, text }
            }

            fn values(self) -> [String; 2] {
                [self.value, self.text]
            }
        }
    };
}

stage!(Bound, suite = "xaes-256-gcm");
stage!(ToSiv, suite = "aes-256-siv", previous_suite = "xaes-256-gcm", unbound_row);
stage!(Siv, suite = "aes-256-siv", unbound_row);
stage!(Back, suite = "xaes-256-gcm", previous_suite = "aes-256-siv");

stores! { Bound in moves, ToSiv in moves, Siv in moves, Back in moves }

fn values(id: i64) -> [String; 2] {
    [format!("value {id}"), format!("text {id}")]
}

fn insert<M: Stage>(client: &mut impl Store<M>, id: i64) {
    client.insert(&M::of(id)).unwrap();
}

fn read<M: Stage>(client: &mut impl Store<M>, id: i64) -> Result<[String; 2], ErrorKind> {
    let loaded = client.load(id).map_err(|failed| failed.refusal().error.kind().clone())?;
    Ok(loaded.unwrap().values())
}

pub fn a_row_bound_column_moves_to_aes_siv_and_back<C>()
where
    C: Client + Store<Bound> + Store<ToSiv> + Store<Siv> + Store<Back>,
{
    let mut world = World::<C>::with_table_of::<Bound>();
    let client = &mut world.client;
    insert::<Bound>(client, 1);
    insert::<Bound>(client, 2);
    insert::<ToSiv>(client, 3);
    insert::<Siv>(client, 4);
    for id in 1..=4 {
        assert_eq!(read::<ToSiv>(client, id), Ok(values(id)));
        assert_eq!(read::<Back>(client, id), Ok(values(id)));
    }
    insert::<Back>(client, 5);
    assert_eq!((read::<Back>(client, 5), read::<Bound>(client, 5)), (Ok(values(5)), Ok(values(5))));
    for id in [1, 2, 5] {
        let read = read::<Siv>(client, id);
        assert_eq!(read, Err(ErrorKind::Rejected), "the previous suite isn't named any more");
    }
    for id in [3, 4] {
        assert_eq!(read::<Bound>(client, id), Err(ErrorKind::NotSealed), "28 bytes are too short for it");
    }

    for bound in [2, 5] {
        let refused = Err(ErrorKind::Rejected);
        assert_eq!(move_to_1(&mut world, bound), [refused.clone(), refused], "stays bound to its row");
    }
    assert_eq!(move_to_1(&mut world, 4), [Ok(values(4)), Ok(values(4))], "was never bound");
}

fn move_to_1<C: Store<ToSiv> + Store<Back>>(
    world: &mut World<C>,
    from: i64,
) -> [Result<[String; 2], ErrorKind>; 2] {
    for column in Bound::SCHEMA.columns {
        let stored = world.database.raw(&Bound::SCHEMA, column, from).unwrap();
        world.database.put(&Bound::SCHEMA, column, 1, &Raw::stored(column, stored));
    }
    [read::<ToSiv>(&mut world.client, 1), read::<Back>(&mut world.client, 1)]
}
