/** The probe as a thing in the room, in its own frame: face at the origin, y into the body, handle behind it. */

import {
  CylinderGeometry,
  ExtrudeGeometry,
  Group,
  Mesh,
  MeshStandardMaterial,
  Shape,
  SphereGeometry,
  type Material,
  type Plane,
} from "three";
import { faceAt, type Face } from "../hold";
import type { Paints } from "./paints";

const THICK_MM = 17;
const LENS_MM = 3.2;
const RIM_MM = 4;
const NECK_MM = 13;
const HANDLE_MM = 118;
const BEVEL_MM = 5;
const SLEEVE_MM = 26;
const ARC_STEPS = 24;

/** Return the model of a machine's probe, seen only on the outer side of `surface`. */
export function modelOf(machine: Face, paints: Paints, surface: Plane): Group {
  const clippingPlanes = [surface];
  const shell = new MeshStandardMaterial({ color: paints.probe, roughness: 0.42, clippingPlanes });
  const lens = new MeshStandardMaterial({ color: paints.lens, roughness: 0.5, clippingPlanes });
  const mark = new MeshStandardMaterial({ color: paints.accent, emissive: paints.accent, emissiveIntensity: 0.55 });
  const group = new Group();
  group.add(
    slab(housing(machine), THICK_MM, BEVEL_MM, shell),
    slab(face(machine), THICK_MM - 3, 1, lens),
    sleeve(lens),
  );
  const knob = new Mesh(new SphereGeometry(3.4, 16, 12), mark);
  const edge = faceAt(machine, 1);
  knob.position.set(-edge[0] + 2, edge[1] - 14, THICK_MM / 2 + 2.4);
  group.add(knob);
  return group;
}

function arc(machine: Face, behind: number): (readonly [number, number])[] {
  return Array.from({ length: ARC_STEPS + 1 }, (_, i) => faceAt(machine, (2 * i) / ARC_STEPS - 1, behind));
}

/** The soft end that touches the skin. */
function face(machine: Face): Shape {
  const shape = new Shape();
  const [first, ...others] = arc(machine, 0.4);
  shape.moveTo(...first!);
  for (const point of others) shape.lineTo(...point);
  for (const point of arc(machine, LENS_MM + 6).reverse()) shape.lineTo(...point);
  return shape;
}

/** Head, shoulders, neck and handle as one outline. */
function housing(machine: Face): Shape {
  const inset = BEVEL_MM;
  const head = arc(machine, LENS_MM + inset);
  const [x, y] = head.at(-1)!;
  const side = x + RIM_MM - inset + 2;
  const neck = NECK_MM - inset;
  const shape = new Shape();
  shape.moveTo(...head[0]!);
  for (const point of head.slice(1)) shape.lineTo(...point);
  shape.lineTo(side, y - 2);
  shape.bezierCurveTo(side, y - 26, neck, y - 30, neck, y - 58);
  shape.bezierCurveTo(neck, y - 84, neck + 3, y - 92, neck - 1, -HANDLE_MM);
  shape.quadraticCurveTo(0, -HANDLE_MM - 9, 1 - neck, -HANDLE_MM);
  shape.bezierCurveTo(-neck - 3, y - 92, -neck, y - 84, -neck, y - 58);
  shape.bezierCurveTo(-neck, y - 30, -side, y - 26, -side, y - 2);
  return shape;
}

function slab(shape: Shape, thick: number, bevel: number, material: Material): Mesh {
  const geometry = new ExtrudeGeometry(shape, {
    depth: thick - 2 * bevel,
    bevelSize: bevel,
    bevelThickness: bevel,
    bevelSegments: 5,
    curveSegments: 14,
  });
  return new Mesh(geometry.translate(0, 0, bevel - thick / 2), material);
}

/** The sleeve from which the cable leaves; the cable itself would only hide the skin. */
function sleeve(material: Material): Mesh {
  return new Mesh(new CylinderGeometry(6.5, 3.2, SLEEVE_MM, 20).translate(0, -HANDLE_MM - SLEEVE_MM / 2, 0), material);
}
