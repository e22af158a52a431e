/**
 * A small virtual DOM: views describe what is to be seen, `draw` changes only what differs, so that focus, scroll
 * positions and half-typed words outlive a new state. Every string becomes a text node or an attribute of a name that
 * stands in our code: there is no way from data to markup.
 */
const SVG = 'http://www.w3.org/2000/svg';

/** Describes an element. Children that are null, undefined or booleans are left out; the rest are elements or text. */
export function h(tag, props, ...children) {
  const kept = children.flat(Infinity).filter((c) => c !== null && c !== undefined && typeof c !== 'boolean' && c !== '');
  return { tag, props: props ?? {}, key: props?.key, children: kept.map((c) => (typeof c === 'object' ? c : String(c))) };
}

let born = [];

/** Makes the children of `root` what `wanted` describes, then tells new elements that they are there (`oncreate`). */
export function draw(root, wanted) {
  patch(root, wanted);
  const now = born;
  born = [];
  for (const node of now) node.__vnode.props.oncreate(node);
}

function patch(parent, wanted) {
  const reuse = matches(parent, wanted);
  const kept = new Set(reuse);
  for (const node of [...parent.childNodes]) if (!kept.has(node)) node.remove();
  let place = parent.firstChild;
  wanted.forEach((vnode, i) => {
    const old = reuse[i];
    const node = old ? update(old, vnode) : create(vnode, parent.namespaceURI === SVG);
    // Moving a focused element takes the focus away, so nothing moves that is in its place already.
    if (node === place) place = place.nextSibling;
    else parent.insertBefore(node, place);
    if (!old && node.__vnode?.props.oncreate) born.push(node);
  });
}

/** For each wanted child the existing node that can become it: same tag and same key. */
function matches(parent, wanted) {
  const free = [...parent.childNodes];
  return wanted.map((vnode) => {
    const at = free.findIndex((node) => same(node, vnode));
    return at < 0 ? undefined : free.splice(at, 1)[0];
  });
}

function same(node, vnode) {
  if (typeof vnode === 'string') return node.nodeType === Node.TEXT_NODE;
  return node.__vnode !== undefined && node.__vnode.tag === vnode.tag && node.__vnode.key === vnode.key;
}

function create(vnode, inSvg) {
  if (typeof vnode === 'string') return document.createTextNode(vnode);
  const svg = inSvg || vnode.tag === 'svg';
  const node = svg ? document.createElementNS(SVG, vnode.tag) : document.createElement(vnode.tag);
  node.__vnode = { tag: vnode.tag, key: vnode.key, props: {}, children: [] };
  return update(node, vnode);
}

function update(node, vnode) {
  if (typeof vnode === 'string') {
    if (node.data !== vnode) node.data = vnode;
    return node;
  }
  const before = node.__vnode.props;
  node.__vnode = vnode;
  patch(node, vnode.children);
  // After the children: the value of a <select> means nothing before its options are there.
  for (const name of new Set([...Object.keys(before), ...Object.keys(vnode.props)])) {
    if (before[name] !== vnode.props[name]) setProp(node, name, vnode.props[name], name in before);
  }
  return node;
}

function setProp(node, name, value, known) {
  if (name === 'key' || name === 'oncreate') return;
  if (name.startsWith('on')) listen(node, name.slice(2));
  else if (name === 'style') for (const [key, v] of Object.entries(value ?? {})) node.style.setProperty(key, v);
  else if (name === 'initial') {
    if (!known) setInitial(node, value);
  } else if (name === 'value' || name === 'checked' || name === 'disabled' || name === 'inert') node[name] = value ?? '';
  else if (value === undefined || value === null || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? '' : value);
}

/** What a field holds when it appears; from then on it belongs to the person. */
function setInitial(node, value) {
  if (node.type === 'checkbox' || node.type === 'radio') node.checked = value === true;
  else node.value = value ?? '';
}

/** One listener for each kind of event, which looks up the newest handler. */
function listen(node, type) {
  node.__heard ??= new Set();
  if (node.__heard.has(type)) return;
  node.__heard.add(type);
  node.addEventListener(type, (event) => node.__vnode.props[`on${type}`]?.(event));
}
