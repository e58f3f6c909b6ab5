"""Files of every format of recordings, as the tools that make them write them."""

import json
import pickle

import numpy as np

from hico_mm.structures import get_layout

NAMES = [  # of the Azure Kinect, in its order
    'PELVIS', 'SPINE_NAVEL', 'SPINE_CHEST', 'NECK', 'CLAVICLE_LEFT', 'SHOULDER_LEFT', 'ELBOW_LEFT', 'WRIST_LEFT',
    'HAND_LEFT', 'HANDTIP_LEFT', 'THUMB_LEFT', 'CLAVICLE_RIGHT', 'SHOULDER_RIGHT', 'ELBOW_RIGHT', 'WRIST_RIGHT',
    'HAND_RIGHT', 'HANDTIP_RIGHT', 'THUMB_RIGHT', 'HIP_LEFT', 'KNEE_LEFT', 'ANKLE_LEFT', 'FOOT_LEFT', 'HIP_RIGHT',
    'KNEE_RIGHT', 'ANKLE_RIGHT', 'FOOT_RIGHT', 'HEAD', 'NOSE', 'EYE_LEFT', 'EAR_LEFT', 'EYE_RIGHT', 'EAR_RIGHT']


def body(layout, frames=12, seed=0, center=(0, 0, 3)):
    """(T, V, 3): someone who stands upright, in metres, y up, and moves a little."""
    rng = np.random.default_rng(seed)
    layout = get_layout(layout)
    pose = rng.uniform(-0.3, 0.3, size=(layout.num_joints, 3))
    pose[layout.spine[0]], pose[layout.spine[1]] = (0, -0.25, 0), (0, 0.25, 0.02)
    steps = 0.02 * rng.normal(size=(frames, 1, 3)).cumsum(0)
    return pose + steps + 0.01 * rng.normal(size=(frames, layout.num_joints, 3)) + center


def picture(layout, frames=12, seed=0, left=600):
    """(T, V, 2): the same in pixels, y down, in a picture of 1080 x 1920."""
    x, y, _ = np.moveaxis(body(layout, frames, seed, (0, 0, 0)), -1, 0)
    return np.stack([left + 400 * x, 540 - 400 * y], -1)


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding='utf-8')
    return path


def mmpose(path, persons=None, tracks=None, names=True, start=0):
    """The JSON of a demo of MMPose: a list of instances for each frame."""
    persons = [picture('coco')] if persons is None else persons
    info = [dict(frame_id=start + t, instances=[
        dict(keypoints=person[t].tolist(), keypoint_scores=[0.5 + 0.25 * (i % 3) for i in range(person.shape[1])],
             bbox=[[1.0, 2.0, 3.0, 4.0]], bbox_score=0.9, **(dict(track_id=tracks[m]) if tracks else {}))
        for m, person in enumerate(persons) if np.isfinite(person[t]).all()]) for t in range(len(persons[0]))]
    meta = dict(dataset_name='coco', num_keypoints=17, keypoint_id2name={'0': 'nose', '1': 'left_eye'} if names else {})
    return write(path, dict(meta_info=meta, instance_info=info))


def mmaction(path, **changes):
    """The pickle of MMAction2's pose extraction for a video."""
    keypoint = picture('coco')[None].astype(np.float16)
    clip = dict(keypoint=keypoint, keypoint_score=np.full((1, 12, 17), 0.75, np.float16), frame_dir='video',
                img_shape=(720, 1280), original_shape=(720, 1280), total_frames=12, label=3)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps({**clip, **changes}))
    return path


def openpose(folder, layout='openpose_body25', persons=None, ids=None, video='video', start=0):
    """The folder of OpenPose for a video."""
    persons = [picture(layout)] if persons is None else persons
    for t in range(len(persons[0])):
        people = [dict(person_id=[ids[m] if ids else -1], pose_keypoints_2d=[
            number for x, y in person[t].tolist() for number in (x, y, 0.5)], face_keypoints_2d=[],
            hand_left_keypoints_2d=[]) for m, person in enumerate(persons)]
        write(folder / f'{video}_{start + t:012}_keypoints.json', dict(version=1.3, people=people))
    return folder


def azure(path, persons=None, ids=(7, 8), scale=1000):
    """The JSON of the sample offline_processor of the Azure Kinect: millimetres, y down."""
    persons = [body('azure_kinect')] if persons is None else persons
    frames = [dict(timestamp_usec=1000 + 33333 * t, frame_id=t, num_bodies=len(persons), bodies=[
        dict(body_id=ids[m], joint_positions=(scale * person[t] * [-1, -1, 1]).tolist(),
             joint_orientations=[[1, 0, 0, 0]] * 32) for m, person in enumerate(persons)])
        for t in range(len(persons[0]))]
    return write(path, dict(k4abt_sdk_version='1.0.1', source_file='a.mkv', joint_names=NAMES,
                            bone_list=[['SPINE_CHEST', 'SPINE_NAVEL']], frames=frames))


def world(frames=12, seed=0):
    """(T, 33, 4): world landmarks of MediaPipe, y down, around the hips, and visibilities."""
    landmarks = body('mediapipe', frames, seed, (0, 0, 0)) * [-1, -1, 1]
    return np.concatenate([landmarks, np.full((frames, 33, 1), 0.5)], -1)


def mediapipe(path, landmarks=None, lost=()):
    """A JSON file with the landmarks of each frame, as objects."""
    landmarks = world() if landmarks is None else landmarks
    frames = [dict(pose_world_landmarks=None if t in lost else [
        dict(zip(('x', 'y', 'z', 'visibility'), map(float, point))) for point in frame])
        for t, frame in enumerate(landmarks)]
    return write(path, dict(fps=25, frames=frames))
