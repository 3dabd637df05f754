// The step itself: `standin action main`.
"use strict";
require("./standin.js").become("main");
