// After the job's steps, whatever happened: `standin action post`.
"use strict";
require("./standin.js").become("post");
