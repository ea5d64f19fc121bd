/**
 * The room in three dimensions: couch and body, and in front of them the probe. Millimetres, Patient frame, so nothing
 * is converted. Drawn only when something in it has changed: the picture beside it needs the machine more.
 */

import {
  BufferAttribute,
  BufferGeometry,
  DoubleSide,
  Float32BufferAttribute,
  Group,
  Line,
  LineBasicMaterial,
  Matrix4,
  Mesh,
  MeshBasicMaterial,
  MeshStandardMaterial,
  PerspectiveCamera,
  Plane,
  Raycaster,
  Shape,
  ShapeGeometry,
  Vector2,
  Vector3,
  type Object3D,
} from "three";
import { RoundedBoxGeometry } from "three/addons/geometries/RoundedBoxGeometry.js";
import type { Machine } from "../../../api/types";
import { column, faceAt, type Matrix } from "../hold";
import { meet, normalAt, pointAt, spotOf, type HeightMap, type Skin } from "../skin";
import type { Vector } from "../vectors";
import { clothOf, couchOf, reliefOf, torsoOf, type Mesh as Surface, type Torso } from "./body";
import { Layer } from "./layer";
import type { Orbit } from "./orbit";
import { readPaints, type Paints } from "./paints";
import { modelOf } from "./probeModel";

const FOOTPRINT_STEPS = 40;
const LIFT_MM = 0.8;

/** What is drawn besides the body. */
export interface Props {
  readonly pose: Matrix;
  readonly depth: number;
  readonly machine: Machine;
}

export class Stage {
  readonly #camera = new PerspectiveCamera(27, 1, 50, 4000);
  readonly #back: Layer;
  readonly #front: Layer;
  readonly #paints: Paints;
  readonly #person = new Group();
  readonly #probe = new Group();
  /** What is pressed into the skin is not seen. */
  readonly #surface = new Plane();
  readonly #plane: Mesh<BufferGeometry, MeshBasicMaterial>;
  readonly #footprint: Line<BufferGeometry, LineBasicMaterial>;
  readonly #skin: MeshStandardMaterial;
  readonly #bone: MeshStandardMaterial;
  #known: Skin | undefined;
  #shown: { machine: string; depth: number } | undefined;

  /** Throws where the browser has no WebGL. */
  constructor(back: HTMLCanvasElement, front: HTMLCanvasElement) {
    this.#paints = readPaints(back);
    this.#back = new Layer(back, this.#camera, this.#paints, false);
    this.#front = new Layer(front, this.#camera, this.#paints, true);
    this.#skin = new MeshStandardMaterial({ color: 0xffffff, vertexColors: true, roughness: 0.7 });
    this.#bone = new MeshStandardMaterial({ color: this.#paints.bone, roughness: 0.8, side: DoubleSide });
    const glass = { color: this.#paints.accent, transparent: true, depthWrite: false, side: DoubleSide } as const;
    this.#plane = new Mesh(new BufferGeometry(), new MeshBasicMaterial({ ...glass, opacity: 0.16 }));
    this.#footprint = new Line(new BufferGeometry(), new LineBasicMaterial({ color: this.#paints.accent }));
    this.#back.scene.add(this.#person);
    this.#front.scene.add(this.#probe, this.#footprint);
    this.#probe.matrixAutoUpdate = false;
  }

  /** Put a person on the couch. */
  lay(skin: Skin, bones: HeightMap): void {
    this.#known = skin;
    dispose(this.#person);
    this.#person.clear();
    const torso = new Mesh(this.#geometry(torsoOf(skin)), this.#skin);
    const cloth = new MeshStandardMaterial({ color: this.#paints.cloth, roughness: 0.95, side: DoubleSide });
    const sheets = (["hips", "shoulders"] as const).map((over) => new Mesh(surface(clothOf(skin, over)), cloth));
    this.#person.add(torso, ...sheets, this.#couch(skin), new Mesh(surface(reliefOf(bones)), this.#bone));
    this.#back.draw();
  }

  /** Show the skin as of glass, with the bones behind it, or as it is. */
  seeThrough(glass: boolean): void {
    this.#skin.transparent = glass;
    this.#skin.opacity = glass ? 0.34 : 1;
    this.#skin.depthWrite = !glass;
    this.#skin.needsUpdate = true;
    this.#plane.material.opacity = glass ? 0.3 : 0.16;
    this.#back.draw();
    this.#front.draw();
  }

  /** Hold the probe there. */
  hold({ pose, depth, machine }: Props): void {
    if (this.#shown?.machine !== machine.name || this.#shown.depth !== depth) {
      this.#shown = { machine: machine.name, depth };
      dispose(this.#probe);
      this.#probe.clear();
      this.#plane.geometry = new ShapeGeometry(sector(machine, depth), 24);
      this.#probe.add(modelOf(machine, this.#paints, this.#surface), this.#plane);
    }
    if (this.#known) {
      const at = spotOf(this.#known, column(pose, 3));
      const [out, there] = [normalAt(this.#known, at), pointAt(this.#known, at)];
      this.#surface.setFromNormalAndCoplanarPoint(new Vector3(...out), new Vector3(...there));
    }
    this.#probe.matrix.copy(new Matrix4().set(...(pose as Sixteen)));
    this.#probe.matrixWorldNeedsUpdate = true;
    this.#footprint.geometry.dispose();
    this.#footprint.geometry = new BufferGeometry().setFromPoints(this.#footprintOf(pose, machine));
    this.#front.draw();
  }

  look(orbit: Orbit, width: number, height: number): void {
    this.#back.resize(width, height);
    this.#front.resize(width, height);
    this.#camera.aspect = width / Math.max(1, height);
    const [from, at] = orbit.seen(this.#camera.aspect);
    this.#camera.up.set(0, 0, 1);
    this.#camera.position.set(...from);
    this.#camera.lookAt(...at);
    this.#camera.updateProjectionMatrix();
    this.#camera.updateMatrixWorld();
    this.#back.draw();
    this.#front.draw();
  }

  /** Return where a point of the body lies on the canvas, 0 to 1 from its top left corner. */
  project(point: Vector): readonly [number, number] {
    const seen = new Vector3(...point).project(this.#camera);
    return [(seen.x + 1) / 2, (1 - seen.y) / 2];
  }

  /** Return the known skin under a place of the canvas (0 to 1). */
  skinUnder(x: number, y: number): Vector | undefined {
    const { origin, direction } = this.#ray(x, y).ray;
    return this.#known && meet(this.#known, [origin.x, origin.y, origin.z], [direction.x, direction.y, direction.z]);
  }

  /** Return whether the probe is what is seen at a place of the canvas (0 to 1). */
  probeUnder(x: number, y: number): boolean {
    const [probe, ...others] = this.#probe.children;
    return probe !== undefined && others.length > 0 && this.#ray(x, y).intersectObject(probe, true).length > 0;
  }

  close(): void {
    for (const part of [this.#person, this.#probe]) dispose(part);
    this.#footprint.geometry.dispose();
    this.#back.close();
    this.#front.close();
  }

  #ray(x: number, y: number): Raycaster {
    const caster = new Raycaster();
    caster.setFromCamera(new Vector2(2 * x - 1, 1 - 2 * y), this.#camera);
    return caster;
  }

  #couch(skin: Skin): Mesh {
    const [thick, wide, long] = [70, 660, 2000];
    const geometry = new RoundedBoxGeometry(wide, thick, long, 4, 24);
    const couch = new Mesh(geometry, new MeshStandardMaterial({ color: this.#paints.couch, roughness: 0.8 }));
    couch.position.set(skin.axis[0], couchOf(skin) - thick / 2 + 4, skin.z0);
    return couch;
  }

  /** The skin with its hollows darker. */
  #geometry(torso: Torso): BufferGeometry {
    const geometry = surface(torso);
    const colours = new Float32Array(torso.points.length);
    torso.shade.forEach((shade, i) =>
      this.#paints.shade
        .clone()
        .lerp(this.#paints.skin, shade)
        .toArray(colours, 3 * i),
    );
    return geometry.setAttribute("color", new BufferAttribute(colours, 3));
  }

  /** Where the plane of the picture cuts the skin under the face. */
  #footprintOf(pose: Matrix, machine: Machine): Vector3[] {
    const [across, origin, normal] = [column(pose, 0), column(pose, 3), column(pose, 1)];
    return Array.from({ length: FOOTPRINT_STEPS + 1 }, (_, i) => {
      const [x] = faceAt(machine, ((2 * i) / FOOTPRINT_STEPS - 1) * 1.12);
      const at = origin.map((value, axis) => value + x * across[axis]!) as unknown as Vector;
      if (!this.#known) return new Vector3(...at);
      const there = pointAt(this.#known, spotOf(this.#known, at));
      return new Vector3(...there).addScaledVector(new Vector3(...normal), -LIFT_MM);
    });
  }
}

type Sixteen = Parameters<Matrix4["set"]>;

/** The part of the body that is seen, in the plane of the probe. */
function sector(machine: Machine, depth: number): Shape {
  const points = (behind: number): Vector2[] =>
    Array.from({ length: 25 }, (_, i) => new Vector2(...faceAt(machine, i / 12 - 1, behind)));
  return new Shape([...points(0), ...points(-depth).reverse()]);
}

function surface(mesh: Surface): BufferGeometry {
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new Float32BufferAttribute(mesh.points, 3));
  geometry.setIndex(new BufferAttribute(mesh.triangles, 1));
  geometry.computeVertexNormals();
  return geometry;
}

function dispose(group: Object3D): void {
  group.traverse((part) => {
    if (part instanceof Mesh) (part.geometry as BufferGeometry).dispose();
  });
}
