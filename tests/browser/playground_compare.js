// Runs a network of the page on all inputs of a script beside it, and says how far each tensor is from the expected one.
async (name, simd, part) => {
  await new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = `${name}.${part}.expected.js`;
    script.onload = resolve;
    script.onerror = reject;
    document.head.append(script);
  });
  const { count, bytes, inputs, expected } = globalThis.expected;
  const bytesOf = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const floats = (base64) => new Float32Array(bytesOf(base64).buffer);
  const images = bytes ? Float32Array.from(bytesOf(inputs), (value) => value / 255) : floats(inputs);
  const size = images.length / count;
  const wanted = Object.keys(expected);
  const values = Object.fromEntries(wanted.map((tensor) => [tensor, floats(expected[tensor].values)]));
  const runner = attnPlayground.makeRunner({ simd });
  const loaded = await runner.load(name);
  const far = Object.fromEntries(wanted.map((tensor) => [tensor, { worst: 0, sum: 0, compared: 0, each: [] }]));
  for (let i = 0; i < count; i++) {
    const asked = wanted.filter((tensor) => i % expected[tensor].every === 0);
    const { results } = await runner.run(images.slice(i * size, (i + 1) * size), [{ name, wanted: asked }]);
    for (const tensor of asked) {
      const found = results[0][tensor];
      const from = (i / expected[tensor].every) * found.length;
      const told = far[tensor];
      let worst = 0; // of this input
      for (let j = 0; j < found.length; j++) {
        const difference = Math.abs(found[j] - values[tensor][from + j]);
        // A difference that is no number is the worst there is.
        if (!(difference <= worst)) worst = Number.isNaN(difference) ? 1e30 : difference;
        told.sum += difference;
        told.compared += 1;
      }
      told.worst = Math.max(told.worst, worst);
      told.each.push(worst);
    }
  }
  runner.stop();
  return { simd: loaded.simd, far };
};
