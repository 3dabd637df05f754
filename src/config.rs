//! temporary
#![allow(missing_docs)]
use std::time::Duration;
use crate::domain::account::ServiceName;
use crate::domain::answer::Answer;
use crate::language::*;
pub struct Service{pub name:ServiceName, pub url:Template, pub headers:Vec<(String,Template)>, pub needs:Vec<ServiceName>, pub limits:Limits, pub timeout:Duration, pub ready:Option<Request>, pub probe:Option<Request>, pub create:Create, pub after_create:Vec<Request>, pub verify:Option<Poll>, pub find:Option<Find>, pub delete:Vec<Request>, pub gone:Option<Poll>, pub auth: Auth}
pub enum Auth{None, Basic{username:Template,password:Template}, Bearer(Template), Header(Vec<(String,Template)>)}
pub struct Limits { pub concurrency: usize }
pub struct Request{pub place:String, pub target:Target, pub query:Vec<(String,Template)>, pub headers:Vec<(String,Template)>, pub payload:Payload, pub expect:Condition, pub gone:Condition, pub captures:Vec<(String,Expression)>}
pub enum Payload{None,Json(JsonTemplate),Form(Vec<(String,Template)>),Text(Template)}
pub enum Condition{Success, Codes(Vec<u16>), Expression(Expression)}
impl Condition { pub fn holds(&self, _a:&Answer,_s:&Scope)->Result<bool,EvalError> { Ok(true) } }
pub struct Create{pub request:Request, pub duplicate:Condition, pub duplicate_declared:bool, pub id:Option<Expression>, pub name:Option<Expression>, pub outputs:Vec<(String,Expression)>, pub secrets:Vec<(String,Expression)>, pub idempotency_header:Option<String>}
pub struct Poll{pub request:Request, pub name:Option<Expression>, pub until:Option<Expression>, pub within:Duration}
pub struct Find{pub request:Request, pub items:Expression, pub id:Expression, pub name:Expression, pub absent:Condition, pub settle:Duration}
