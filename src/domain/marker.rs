//! The front of a user name that says: made by Standin.
