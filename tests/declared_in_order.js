// Prints what scripts read in a declaration before it is declared, as no browser allows:
// node declared_in_order.js FOLDER_OF_TYPESCRIPT SCRIPT ...

const { readFileSync } = require("node:fs");
const [typescript, ...scripts] = process.argv.slice(2);
const ts = require(typescript);

const LONG = 1000; // characters from which a text may be a script, as that of a worker

/** List the names that a variable or a pattern declares. */
const declared = (name) =>
  ts.isIdentifier(name)
    ? [name.text]
    : name.elements.flatMap((one) => (ts.isBindingElement(one) ? declared(one.name) : []));

/** List the names that are read at once in a part of a script: what a function reads, it reads later. */
function read(node) {
  if (ts.isFunctionLike(node)) return [];
  if (ts.isIdentifier(node)) {
    const { parent } = node;
    const names =
      (ts.isPropertyAccessExpression(parent) || ts.isPropertyAssignment(parent)) && parent.name === node;
    const binds = ts.isBindingElement(parent) && (parent.name === node || parent.propertyName === node);
    const own = ts.isVariableDeclaration(parent) && parent.name === node;
    return names || binds || own ? [] : [node.text];
  }
  const found = [];
  ts.forEachChild(node, (child) => {
    found.push(...read(child));
  });
  return found;
}

function check(name, text) {
  const visit = (node) => {
    if (ts.isStringLiteralLike(node) && node.text.length > LONG) check(`a text in ${name}`, node.text);
    if (ts.isVariableDeclarationList(node) && node.flags & ts.NodeFlags.BlockScoped)
      node.declarations.forEach((declaration, at) => {
        const later = node.declarations.slice(at + 1).flatMap((one) => declared(one.name));
        for (const early of read(declaration).filter((one) => later.includes(one)))
          console.log(`${name}: ${early} in ${declaration.getText().slice(0, 100)}`);
      });
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS));
}

for (const script of scripts) check(script, readFileSync(script, "utf8"));
