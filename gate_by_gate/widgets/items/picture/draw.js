// One of the definition's pictures with a box, which the legend calls `frame`, and marks on it:
// {index, box: [x, y, width, height], frame, alt, marks, inset}
//   inset   the index of the picture that the legend shows for the frame

import { make, setAttributes } from "../../static/dom.js";
import { kinds } from "../../static/kinds.js";
import { makePlate } from "../../static/plate.js";

/** @import { Host, Item, View } from "../../static/kinds.js" */

/** @param {Item} item @param {Host} host @returns {View} */
function makePicture(item, { pictures }) {
  const plate = makePlate();
  plate.mapped.hidden = true;
  const element = make(
    "div",
    { class: "attn-map" },
    make("p", { class: "attn-label" }, item.label),
    plate.element,
    plate.legend,
  );
  return {
    element,
    update({ index, box, frame, marks, alt, inset }) {
      plate.lay(pictures[index]);
      plate.mark({ box, frame, marks, inset: pictures[inset] });
      setAttributes(plate.element, { "aria-label": alt });
    },
  };
}

kinds.picture = makePicture;
