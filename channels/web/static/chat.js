"use strict"; var words = {{words.json}};
