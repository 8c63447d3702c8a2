// The static host: the part of an anywidget model that explorer.js and exercise.js use, over values that the page
// already holds. `widgets` maps a module's name to its default export; the page's bundle is put together by
// attn_lib.sphinx_ext.

globalThis.attnLib = {
  widgets: {},

  /** Draw the widget whose values stand in the JSON script of `element`, in place of what the element shows. */
  mount(element) {
    const values = JSON.parse(element.querySelector('script[type="application/json"]').textContent);
    const model = {
      get: (name) => values[name],
      set: (name, value) => { values[name] = value; },
      save_changes() {},
      on() {},
      off() {},
    };
    this.widgets[element.dataset.widget].render({ model, el: element });
  },
};
